"""The command as a person runs it: killed, resumed, refused, short of disk; and training from its shards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

TINY = [
    "--width=0.125",
    "--resize=108",
    "--crop=96",
    "--batch_size=4",
    "--crops_per_photo=2",
    "--epochs=1",
    "--precision=float32",
]
TIMED = {"images_per_second", "input_wait"}


def command(module: str, *flags: str) -> list[str]:
    return [sys.executable, "-m", f"aesthkeras.{module}", *flags]


def run(module: str, *flags: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(module, *flags), capture_output=True, text=True, check=False, timeout=200, **options
    )


def refusal(*flags: str, **options) -> str:
    result = run("prepare", *flags, **options)
    assert result.returncode == 2, result.stderr[-2000:]
    assert "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def photos(tmp_path_factory, sample) -> Path:
    """Sixty files, large enough that a kill falls between two shards."""
    folder = tmp_path_factory.mktemp("photos")
    names = ("astronaut", "china", "coffee", "flower")
    for name in names:
        sample(name, 600).save(folder / f"{name}.png")
    for number in range(56):
        os.link(folder / f"{names[number % 4]}.png", folder / f"copy {number:02d}.png")
    return folder


@pytest.mark.long
def test_killed_and_started_again_gives_the_same_shards_and_keeps_the_finished_ones(photos, tmp_path):
    def flags(out: str) -> list[str]:
        return [f"--data_dir={photos}", f"--out={tmp_path / out}", "--shard_photos=2", "--split=random"]

    with subprocess.Popen(command("prepare", *flags("killed")), stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 100
        while len(list((tmp_path / "killed").glob("t*.json"))) < 3:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "killed" / "index.json").exists()
    finished = {
        entry.with_suffix(".tfrecord"): entry.with_suffix(".tfrecord").stat()
        for entry in (tmp_path / "killed").glob("t*.json")
    }
    assert 3 <= len(finished) < 30
    for out in ("killed", "straight"):
        result = run("prepare", *flags(out))
        assert result.returncode == 0, result.stderr[-2000:]
    for path, before in finished.items():
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert contents(tmp_path / "killed") == contents(tmp_path / "straight")


@pytest.mark.long
def test_a_full_disk_ends_in_one_line_and_leaves_finished_shards_whole(photos, tmp_path, sample):
    def no_large_files() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    for name in ("china", "flower", "rocket"):
        sample(name).save(tmp_path / f"{name}.png")
    Image.effect_noise((800, 800), 100).save(tmp_path / "large.png")
    flags = [f"--data_dir={tmp_path}", f"--out={tmp_path / 'out'}", "--shard_photos=1", "--original_bytes"]
    last = refusal(*flags, preexec_fn=no_large_files)
    assert last.startswith("aesthkeras: no space left on the disk")
    left = contents(tmp_path / "out")
    entries = [
        json.loads(content) for name, content in left.items() if name.startswith("all") and "json" in name
    ]
    assert len(entries) < 4 and all(len(left[entry["file"]]) == entry["bytes"] for entry in entries)
    assert not [name for name in left if name.endswith(".part")]
    result = run("prepare", *flags)
    assert result.returncode == 0 and "4 of 4 photos" in result.stderr
    assert {name: content for name, content in contents(tmp_path / "out").items() if name in left} == left


def test_mistakes_end_in_one_line_and_write_nothing(photos, tmp_path):
    out = f"--out={tmp_path / 'out'}"
    assert refusal("--data_dir=samples").startswith("aesthkeras: --out=: expected a folder")
    assert "expected another folder than --data_dir" in refusal(
        f"--data_dir={tmp_path}", f"--out={tmp_path}/."
    )
    assert "no such folder" in refusal("--data_dir=/nowhere", out)
    assert "--jpeg_quality=0: expected a quality" in refusal("--data_dir=samples", out, "--jpeg_quality=0")
    assert not (tmp_path / "out").exists()


def test_help_needs_no_tensorflow():
    code = "import sys; import aesthkeras.prepare; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.long
def test_pretraining_from_shards_gives_the_metrics_of_the_folder(tmp_path, sample):
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    for name in ("astronaut.png", "sub/chelsea.jpg", "coffee.jpg", "sub/rocket.webp"):
        sample(Path(name).stem, 120).save(tmp_path / "folder" / name)
    (tmp_path / "folder" / "text.jpg").write_text("not a photo")
    flags = [f"--data_dir={tmp_path / 'folder'}", f"--out={tmp_path / 'shards'}"]
    result = run("prepare", *flags, "--original_bytes", "--shard_photos=2")
    assert result.returncode == 0, result.stderr[-2000:]
    logs = {}
    for source in ("folder", "shards"):
        places = [f"--run_dir={tmp_path / source}-run", f"--out={tmp_path / source}-model"]
        result = run("pretrain", f"--data_dir={tmp_path / source}", *places, *TINY)
        assert result.returncode == 0, result.stderr[-2000:]
        lines = (tmp_path / f"{source}-run" / "metrics.jsonl").read_text().splitlines()
        logs[source] = [
            {key: value for key, value in json.loads(line).items() if key not in TIMED} for line in lines
        ]
    assert len(logs["folder"]) == 1 and logs["shards"] == logs["folder"]
