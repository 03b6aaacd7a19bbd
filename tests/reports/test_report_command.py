"""`python -m aesthkeras.report` as a process: what it writes, and mistakes in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest


def command(*arguments) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "aesthkeras.report", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_writes_the_report_and_how_to_make_it_again(folders, tmp_path):
    result = command(*folders, f"--out={tmp_path / 'out'}", "--paper", "--resamples=100", "--title=A talk")
    assert result.returncode == 0, result.stderr
    text = (tmp_path / "out/report.md").read_text()
    assert text.startswith("# A talk\n")
    assert "python -m aesthkeras.probe --dataset=csv '--data_dir=my photos'\n" in text
    assert "--paper=True --resamples=100" in text
    assert "tensorflow" not in result.stderr.lower()


@pytest.mark.parametrize("module", ["report", "reports.report_files", "experiments.running"])
def test_reports_and_experiments_start_without_tensorflow(module):
    code = f"import sys, aesthkeras.{module}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["expected at least one probe run"]),
        (["missing"], ["missing", "folder of a probe run"]),
        (["RUN", "--metric=auc", "--paper"], ["--metric=auc", "--paper"]),
        (["RUN", "--metric=f1"], ["--metric", "balanced_accuracy"]),
        (["RUN", "--resamples=5"], ["--resamples=5", "100"]),
        (["RUN", "RUN"], ["once per data set"]),
        (["RUN", "--out=FILE"], ["--out", "folder to write to"]),
        (["RUN", "--out=/proc/report"], ["--out", "folder to write to"]),
    ],
)
def test_mistakes_end_in_one_line(folders, tmp_path, arguments, words):
    (tmp_path / "file").write_text("mine")
    out = [] if any("--out" in argument for argument in arguments) else [f"--out={tmp_path / 'out'}"]
    given = [
        argument.replace("RUN", str(folders[0])).replace("FILE", str(tmp_path / "file"))
        for argument in arguments
    ]
    result = command(*given, *out)
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "file").read_text() == "mine"
