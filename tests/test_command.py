"""What a person sees who gets a flag wrong: one line on stderr, exit status 2, no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aesthkeras.command import flag_file, parsed, with_flag_files
from aesthkeras.errors import UsageError
from aesthkeras.score import ScoreSettings


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"aesthkeras.{command}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--widht=1"], ["widht", "width"]),
        (["--width=wide"], ["--width", "wide"]),
        (["--width=0"], ["--width=0", "above 0"]),
        (["--learning_rate=-0.1"], ["--learning_rate=-0.1", "a number from 1e-10 to 100"]),
        (["--crop=300"], ["--crop=300", "--resize=256"]),
        (["--crop=64"], ["--crop=64", "96"]),
        (["--epochs=0"], ["--epochs=0", "1 to 1000000"]),
        (["--operations_per_patch=11"], ["--operations_per_patch=11", "1 to 10"]),
        (["--precision=int4"], ["--precision", "bfloat16"]),
        (["--task=jigsaw"], ["--task=jigsaw", "degradation"]),
        (["--profile_steps=9,3"], ["--profile_steps=9,3", "first,last"]),
        (["--profile_steps=1,²"], ["--profile_steps=1,²", "first,last"]),
        (["--flagfile=missing.cfg"], ["missing.cfg"]),
        (["photos"], ["photos", "--flag=value"]),
    ],
)
def test_pretrain_refuses(arguments, words, tmp_path):
    assert_refused(run("pretrain", f"--run_dir={tmp_path / 'run'}", *arguments), *words)
    assert not (tmp_path / "run").exists()


def test_pretrain_refuses_data_folders_that_hold_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no folder")
    for name in ("missing", "empty", "file"):
        result = run("pretrain", f"--run_dir={tmp_path / 'run'}", f"--data_dir={tmp_path / name}")
        assert_refused(result, "--data_dir", name)


def test_pretrain_refuses_a_run_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert_refused(run("pretrain", f"--run_dir={tmp_path / 'file'}"), "--run_dir", "folder")
    assert (tmp_path / "file").read_text() == "mine"


def test_pretrain_refuses_an_out_that_is_a_file_before_it_trains(tmp_path):
    (tmp_path / "model").write_text("mine")
    result = run("pretrain", f"--run_dir={tmp_path / 'run'}", f"--out={tmp_path / 'model'}")
    assert_refused(result, "--out", "folder")
    assert not (tmp_path / "run" / "quarantine.csv").exists()
    assert (tmp_path / "model").read_text() == "mine"


def test_export_refuses_what_is_no_run(tmp_path):
    assert_refused(run("export"), "--run_dir")
    assert_refused(run("export", f"--run_dir={tmp_path}"), "--run_dir", "flags.cfg")


@pytest.mark.long
def test_preview_refuses_no_photo_a_text_and_an_unknown_suffix(tmp_path):
    assert_refused(run("preview"), "photo")
    text = tmp_path / "text.jpg"
    text.write_text("no photo")
    assert_refused(run("preview", str(text), f"--out={tmp_path / 'sheet.png'}"), "text.jpg")
    assert not (tmp_path / "sheet.png").exists()
    assert_refused(run("preview", str(text), "--seed=99999999999999999999"), "--seed", "2147483647")


@pytest.mark.parametrize("command", ["pretrain", "score"])  # before flags are parsed, and while they are
def test_a_flag_file_that_is_no_text_is_refused(command, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    assert_refused(run(command, f"--flagfile={tmp_path / 'photo.jpg'}"), "--flagfile", "UTF-8")
    with pytest.raises(UsageError, match="--flagfile=.*photo.jpg: expected UTF-8"):
        parsed([ScoreSettings], [f"--flagfile={tmp_path / 'photo.jpg'}"])


def test_flag_files_are_replaced_by_their_flags_in_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.cfg").write_text("# comment\n\n--width=1\n  --crop=96  \n--flagfile=b.cfg\n--seed=3\n")
    (tmp_path / "b.cfg").write_text("// comment\n--data_dir=my photos\n")
    flags = ["--width=1", "--crop=96", "--data_dir=my photos", "--seed=3"]
    assert with_flag_files(["x", "--flagfile=a.cfg", "--seed=4"]) == ["x", *flags, "--seed=4"]
    assert with_flag_files(["-flagfile", "b.cfg", "y"]) == ["--data_dir=my photos", "y"]
    assert with_flag_files(["--", "--flagfile=a.cfg"]) == ["--", "--flagfile=a.cfg"]
    (tmp_path / "b.cfg").write_text("--width=1\n", encoding="utf-8-sig")  # as Windows writes it
    assert with_flag_files(["--flagfile=b.cfg"]) == ["--width=1"]
    (tmp_path / "b.cfg").write_text("--flagfile=a.cfg\n")
    with pytest.raises(UsageError, match="--flagfile=a.cfg: expected a file that does not name itself"):
        with_flag_files(["--flagfile=a.cfg"])
    with pytest.raises(UsageError, match="--flagfile: expected a file"):
        with_flag_files(["--flagfile"])


def test_outside_a_clone_flags_means_the_packages_own_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = with_flag_files(["--flagfile=flags/probe_statistics.cfg"])
    assert "--solver=lbfgs" in own  # from probe.cfg, which probe_statistics.cfg names
    assert flag_file("flags/experiments/comparison").is_dir()
    (tmp_path / "flags").mkdir()
    (tmp_path / "flags" / "probe.cfg").write_text("--solver=mine\n")
    changed = with_flag_files(["--flagfile=flags/probe_statistics.cfg"])
    assert "--solver=mine" in changed and "--solver=lbfgs" not in changed
    for path in ("flags/nosuch.cfg", "setup.cfg", "other/flags/probe.cfg"):
        with pytest.raises(UsageError, match=f"--flagfile={path}: expected a file that can be read"):
            with_flag_files([f"--flagfile={path}"])


COMMANDS = ["pretrain", "export", "preview", "prepare", "probe", "report", "adapt", "score", "monotone"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_does_not_load_tensorflow(command):
    code = (
        "import runpy, sys; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_module('aesthkeras.{command}', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert "--" in result.stdout
    assert run(command, "--help").returncode == 0


GOES_ON = ["pretrain", "prepare", "probe", "adapt", "experiments", "score --out=a.csv"]


@pytest.mark.parametrize("arguments", [*GOES_ON, "export", "preview", "report", "score", "monotone"])
def test_interrupted_it_says_whether_the_same_command_goes_on(arguments):
    command, *rest = arguments.split()
    code = (
        f"import runpy, sys; sys.argv = ['x', *{rest}]\n"
        "from aesthkeras import command\n"
        "def interrupted(*_): raise KeyboardInterrupt\n"
        "command.from_flags = interrupted\n"
        f"runpy.run_module('aesthkeras.{command}', run_name='__main__')\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 130
    how = "; the same command goes on where it was" if arguments in GOES_ON else ""
    assert result.stderr == f"aesthkeras: interrupted{how}\n"
