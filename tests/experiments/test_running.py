"""What a set of experiments runs, what it skips, what a failure leaves."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.experiments.running import run_experiments


def test_what_is_probed_is_not_probed_again_unless_its_encoder_is_newer(settings, commands):
    first = commands()
    run_experiments(settings)
    # 2 seeds x (2 trained, each with 2 probes, and 2 probes of untrained weights), then the report.
    assert len(first.shown) == 2 * (2 * 3 + 2) + 1
    assert first.shown[-1].startswith("python -m aesthkeras.report runs/probes/untrained-seed0-oasis runs/")
    assert first.shown[-1].endswith("runs/probes/rival-seed3-clive --out=runs/report --pool_seeds")
    assert not list(Path("runs/probes").glob("*/features"))

    again = commands(writes=False)
    run_experiments(settings)
    # pre-training says by itself that it is finished
    assert sorted(again.shown)[:-1] == sorted(line for line in first.shown if "pretrain" in line)

    later = Path("runs/probes/ours-seed3-clive/predictions.npz").stat().st_mtime + 5
    os.utime("runs/pretrain/ours-seed3/run.json", (later, later))
    newer = commands(writes=False)
    run_experiments(settings)
    probed = [line for line in newer.shown if "aesthkeras.probe" in line]
    assert [line.rpartition("/")[2] for line in probed] == ["ours-seed3-oasis", "ours-seed3-clive"]


def test_a_probe_whose_pretraining_is_gone_is_not_in_the_report(settings, commands):
    commands()
    run_experiments(settings)
    Path("runs/pretrain/ours-seed3/run.json").unlink()
    failing = commands(failing="pretrain/ours-seed3", writes=False)
    with pytest.raises(UsageError, match="failed: ours-seed3; "):
        run_experiments(settings)
    assert "ours-seed0-oasis" in failing.shown[-1] and "ours-seed3" not in failing.shown[-1]


def test_a_probe_made_with_other_flags_runs_again_and_so_says_what_differs(settings, commands):
    commands()
    run_experiments(settings)
    flags = "--encoder=runs/models/ours-seed0\n--data_dir=clive\n--repeats=4\n--cache=disk\n"
    Path("runs/probes/ours-seed0-clive/flags.cfg").write_text(flags)
    again = commands(writes=False)
    run_experiments(settings)
    assert not [line for line in again.shown if "aesthkeras.probe" in line]  # 4 is what it has by default
    Path("probe.cfg").write_text("--repeats=2\n")
    run_experiments(settings)
    assert [line.split("--run_dir=")[1] for line in again.shown if "aesthkeras.probe" in line] == [
        "runs/probes/ours-seed0-clive"
    ]


def test_an_adaptation_is_done_when_its_scorer_is_exported(settings, commands):
    adapted = replace(settings, head="nonlinear", untrained="", seeds="0", recipes="recipes/ours.cfg")
    folder = Path("runs/adapted/ours-seed0-clive")
    Path("runs/pretrain/ours-seed0").mkdir(parents=True)
    Path("runs/pretrain/ours-seed0/run.json").touch()
    folder.mkdir(parents=True)
    (folder / "predictions.npz").touch()
    first = commands(writes=False)
    run_experiments(adapted)
    assert sum("aesthkeras.adapt" in line for line in first.shown) == 2
    (folder / "run.json").write_text('{"exported": "runs/scorers/ours-seed0-clive/1"}')
    second = commands(writes=False)
    run_experiments(adapted)
    assert [line for line in second.shown if "aesthkeras.adapt" in line] == [
        "python -m aesthkeras.adapt --flagfile=probe.cfg --dataset=csv --data_dir=oasis "
        "--encoder=runs/models/ours-seed0 --run_dir=runs/adapted/ours-seed0-oasis "
        "--out=runs/scorers/ours-seed0-oasis"
    ]
    assert second.shown[-1].startswith(f"python -m aesthkeras.report {folder} --out=")


def test_one_that_fails_is_named_at_the_end_and_keeps_nobody_else_from_running(settings, commands, capsys):
    some = commands(failing="recipes/ours.cfg --seed=0")
    with pytest.raises(UsageError, match=r"^failed: ours-seed0; the same command goes on"):
        run_experiments(settings)
    assert not any("probe" in line and "ours-seed0" in line for line in some.shown)
    assert sum("aesthkeras.pretrain" in line for line in some.shown) == 4
    assert "ours-seed0" not in some.shown[-1]
    assert "ours-seed3-clive" in some.shown[-1]
    assert "[3/16] pretrain-ours-seed0: failed, exit status 2" in capsys.readouterr().err


def test_a_probe_that_fails_leaves_the_encoders_other_probes(settings, commands):
    some = commands(failing="runs/probes/ours-seed0-oasis")
    with pytest.raises(UsageError, match=r"^failed: ours-seed0-oasis;"):
        run_experiments(settings)
    assert "runs/probes/ours-seed0-clive" in some.shown[-1]


def test_the_report_says_what_was_asked(settings, commands):
    some = commands()
    run_experiments(replace(settings, paper=True, reference="ours", out="there", seeds="0"))
    assert some.shown[-1].endswith("--out=there --pool_seeds --reference=ours --paper")
