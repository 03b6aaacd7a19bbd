"""Names of files and folders that are no UTF-8 work, or end a command in one line that names the flag."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from aesthkeras import command
from aesthkeras.datasets.find import title_of
from aesthkeras.files import folder_name
from aesthkeras.training.run_folder import default_saved_model

BYTES = os.fsdecode(b"caf\xe9")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of such a name, with a photo's name in it: no command comes to open that."""
    made = tmp_path / BYTES
    made.mkdir()
    (made / "a.jpg").touch()
    (made / "labels.csv").write_text("path,score\na.jpg,1\n")
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        ["pretrain", "--data_dir={bytes}", "--run_dir={text}/run"],
        ["pretrain", "--data_dir={text}/{name}", "--run_dir={bytes}/run"],
        ["pretrain", "--data_dir={text}/{name}", "--run_dir={text}/run", "--out={bytes}"],
        ["pretrain", "--data_dir={text}", "--run_dir={text}/run", "--photo_list={bytes}/labels.csv"],
        ["pretrain", "--data_dir={text}", "--run_dir={text}/run", "--data_notes={bytes}/labels.csv"],
        ["export", "--run_dir={bytes}"],
        ["export", "--run_dir={text}", "--out={bytes}"],
        ["export", "--model={bytes}", "--format=tflite"],
        ["report", "{text}", "--out={bytes}"],
        ["report", "{text}", "--title={bytes}"],
        ["report", "{bytes}"],
        ["experiments", "--recipes=flags/small.cfg", "--probe_sets={text}", "--out={bytes}"],
        ["experiments", "--recipes=flags/small.cfg", "--probe_sets={bytes}"],
        ["prepare", "--data_dir={text}", "--out={bytes}/shards"],
    ],
    ids=lambda arguments: f"{arguments[0]} {arguments[-1].partition('=')[0]}",
)
def test_a_command_ends_in_one_line(folder, arguments):
    places = {"bytes": str(folder), "text": str(folder.parent), "name": BYTES}
    named = [argument.format(**places) for argument in arguments]
    before = sorted(os.listdir(folder))
    done = subprocess.run(
        [sys.executable, "-m", f"aesthkeras.{named[0]}", *named[1:]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert r"caf\xe9" in done.stderr and "': expected a name in UTF-8" in done.stderr
    assert sorted(os.listdir(folder)) == before
    assert not (folder.parent / "run").exists()


def test_what_goes_by_a_folders_name_goes_by_text(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert title_of("csv", ".") == r"caf\xe9"
    assert folder_name(".") == r"caf\xe9"
    assert default_saved_model(".") == Path(r"savedmodels/caf\xe9")


def test_where_a_library_meets_the_bytes_first_the_flag_is_named(monkeypatch, capsys):
    known = flags.FlagValues()
    flags.DEFINE_string("somewhere", BYTES, "a folder", flag_values=known)
    known.mark_as_parsed()
    monkeypatch.setattr(flags, "FLAGS", known)

    def main(_: list[str]) -> None:
        BYTES.encode()

    with pytest.raises(SystemExit) as ended:
        command.guarded(main, [], lambda: True)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "aesthkeras: --somewhere=b'caf\\xe9': expected a name in UTF-8\n"
    known.somewhere = "text"
    with pytest.raises(UnicodeEncodeError):  # no name of the caller's: a fault of ours is not hidden
        command.guarded(main, [], lambda: True)
