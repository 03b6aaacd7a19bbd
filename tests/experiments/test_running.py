"""Which commands a set of experiments is, what is skipped, what a failure leaves; that recipes are sound."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.experiments import running as experiments
from aesthkeras.experiments.running import ExperimentSettings, plan, run_experiments

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "flags" / "experiments").glob("*/*.cfg"))


@pytest.fixture
def settings(tmp_path, monkeypatch) -> ExperimentSettings:
    monkeypatch.chdir(tmp_path)
    recipes = "recipes/ours.cfg", "recipes/rival.cfg"
    for name in (*recipes, "probe.cfg", "oasis/labels.csv", "clive/labels.csv"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    return ExperimentSettings(
        recipes="recipes",
        seeds="0,3",
        untrained="random:alexnet?width=0.5",
        calibration_dir="photos",
        probe_dirs="oasis,clive",
        probe_recipe="probe.cfg",
        run_dir="runs",
    )


class Commands:
    """Stands for the commands: `call` writes what they would have written and remembers them."""

    def __init__(self, failing: str = "") -> None:
        self.failing, self.shown = failing, []

    def __call__(self, job: experiments.Job) -> bool:
        self.shown.append(job.shown())
        if self.failing and self.failing in job.shown():
            return False
        (job.folder / "features").mkdir(parents=True)
        written = {"aesthkeras.pretrain": "run.json", "aesthkeras.probe": "predictions.npz"}
        if job.module in written:
            (job.folder / written[job.module]).touch()
        return True


def test_every_seed_of_every_recipe_is_trained_and_probed_everywhere(settings):
    jobs = {one.name: [job.shown() for job in one.jobs] for one in plan(settings)}
    assert list(jobs) == [f"{name}-seed{seed}" for seed in (0, 3) for name in ("untrained", "ours", "rival")]
    assert jobs["rival-seed3"] == [
        "python -m aesthkeras.pretrain --flagfile=recipes/rival.cfg --seed=3 "
        "--run_dir=runs/pretrain/rival-seed3 --out=runs/models/rival-seed3",
        "python -m aesthkeras.probe --flagfile=probe.cfg --encoder=runs/models/rival-seed3 --data_dir=oasis "
        "--run_dir=runs/probes/rival-seed3-oasis",
        "python -m aesthkeras.probe --flagfile=probe.cfg --encoder=runs/models/rival-seed3 --data_dir=clive "
        "--run_dir=runs/probes/rival-seed3-clive",
    ]
    assert jobs["untrained-seed3"][1] == (
        "python -m aesthkeras.probe --flagfile=probe.cfg '--encoder=random:alexnet?width=0.5&seed=3' "
        "--data_dir=clive --run_dir=runs/probes/untrained-seed3-clive --calibration_dir=photos"
    )


def test_what_is_probed_is_not_probed_again_unless_its_encoder_is_newer(settings, monkeypatch):
    first, again, newer = Commands(), Commands(), Commands()
    monkeypatch.setattr(experiments, "succeeds", first)
    run_experiments(settings)
    # 2 seeds x (2 trained, each with 2 probes, and 2 probes of untrained weights), then the report.
    assert len(first.shown) == 2 * (2 * 3 + 2) + 1
    assert first.shown[-1].startswith("python -m aesthkeras.report runs/probes/untrained-seed0-oasis runs/")
    assert first.shown[-1].endswith("runs/probes/rival-seed3-clive --out=runs/report --pool_seeds")
    assert not list(Path("runs/probes").glob("*/features"))

    monkeypatch.setattr(experiments, "succeeds", lambda job: again.shown.append(job.shown()) or True)
    run_experiments(settings)
    # pre-training says by itself that it is finished
    assert sorted(again.shown)[:-1] == sorted(line for line in first.shown if "pretrain" in line)

    later = Path("runs/probes/ours-seed3-clive/predictions.npz").stat().st_mtime + 5
    os.utime("runs/pretrain/ours-seed3/run.json", (later, later))
    monkeypatch.setattr(experiments, "succeeds", lambda job: newer.shown.append(job.shown()) or True)
    run_experiments(settings)
    probed = [line for line in newer.shown if "aesthkeras.probe" in line]
    assert [line.rpartition("/")[2] for line in probed] == ["ours-seed3-oasis", "ours-seed3-clive"]


def test_a_probe_whose_pretraining_is_gone_is_not_in_the_report(settings, monkeypatch):
    monkeypatch.setattr(experiments, "succeeds", Commands())
    run_experiments(settings)
    Path("runs/pretrain/ours-seed3/run.json").unlink()
    shown = []
    monkeypatch.setattr(
        experiments,
        "succeeds",
        lambda job: shown.append(job.shown()) or "pretrain/ours-seed3" not in shown[-1],
    )
    with pytest.raises(UsageError, match="failed: ours-seed3; "):
        run_experiments(settings)
    assert "ours-seed0-oasis" in shown[-1] and "ours-seed3" not in shown[-1]


def test_a_probe_made_with_other_flags_runs_again_and_so_says_what_differs(settings, monkeypatch):
    monkeypatch.setattr(experiments, "succeeds", Commands())
    run_experiments(settings)
    flags = "--encoder=runs/models/ours-seed0\n--data_dir=clive\n--repeats=4\n--cache=disk\n"
    Path("runs/probes/ours-seed0-clive/flags.cfg").write_text(flags)
    shown = []
    monkeypatch.setattr(experiments, "succeeds", lambda job: shown.append(job.shown()) or True)
    run_experiments(settings)
    assert not [line for line in shown if "aesthkeras.probe" in line]  # 4 is what it has by default
    Path("probe.cfg").write_text("--repeats=2\n")
    run_experiments(settings)
    assert [line.split("--run_dir=")[1] for line in shown if "aesthkeras.probe" in line] == [
        "runs/probes/ours-seed0-clive"
    ]


def test_one_that_fails_is_named_at_the_end_and_keeps_nobody_else_from_running(settings, monkeypatch):
    commands = Commands(failing="recipes/ours.cfg --seed=0")
    monkeypatch.setattr(experiments, "succeeds", commands)
    with pytest.raises(UsageError, match=r"^failed: ours-seed0; the same command goes on"):
        run_experiments(settings)
    assert not any("probe" in line and "ours-seed0" in line for line in commands.shown)
    assert sum("aesthkeras.pretrain" in line for line in commands.shown) == 4
    assert "ours-seed0" not in commands.shown[-1]
    assert "ours-seed3-clive" in commands.shown[-1]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"recipes": "nowhere.cfg"}, "recipes=nowhere.cfg: expected a flag file"),
        ({"recipes": "oasis"}, "recipes=oasis: expected a flag file, or a folder"),
        ({"recipes": "recipes,recipes/ours.cfg"}, "two files are called ours.cfg"),
        ({"probe_dirs": "photos"}, "probe_dirs=photos: expected a folder with a labels.csv"),
        ({"probe_dirs": "oasis,recipes/../oasis"}, "expected folders of different names"),
        ({"seeds": "1,x"}, "seeds=1,x: expected different numbers"),
        ({"seeds": "1,1"}, "seeds=1,1: expected different numbers"),
        ({"probe_recipe": "x.cfg"}, "probe_recipe=x.cfg: expected a flag file"),
    ],
)
def test_mistakes_are_named_before_anything_runs(settings, change, line):
    with pytest.raises(UsageError, match=line):
        plan(ExperimentSettings(**{**vars(settings), **change}))


@pytest.mark.parametrize("flag", ["--folds=1", "--no_such_flag=1", "--repeats=x", "path,score"])
def test_a_mistake_in_the_probes_recipe_is_named_before_anything_runs(settings, flag):
    Path("probe.cfg").write_text(f"{flag}\n")
    with pytest.raises(UsageError, match=flag.strip("-").partition("=")[0]):
        plan(settings)


def test_a_command_in_a_process_of_its_own(tmp_path, capfd):
    assert experiments.succeeds(experiments.Job("this", (), tmp_path))
    assert "exit status 0" in capfd.readouterr().err
    assert not experiments.succeeds(experiments.Job("aesthkeras.probe", ("--no_such_flag",), tmp_path))
    assert "no_such_flag" in capfd.readouterr().err


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_names_flags_that_exist_and_the_common_budget(recipe, tmp_path):
    # Everything is checked, and the run folder claimed, before --out is found to be no folder.
    flags = [f"--flagfile={recipe}", f"--run_dir={tmp_path}", "--data_dir=samples", "--out=/dev/null/model"]
    command = [sys.executable, "-m", "aesthkeras.pretrain", *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.stderr.startswith("aesthkeras: --out=/dev/null/model: expected a folder"), result.stderr
    claimed = (tmp_path / "flags.cfg").read_text()
    width = "1.0" if recipe.stem == "extended_full_width" else "0.5"
    for flag in (f"width={width}", "resize=148", "crop=131", "images_seen=300000"):
        assert f"--{flag}\n" in claimed
    trunk = "alexnet_lab" if recipe.stem == "split_trunk" else "alexnet"
    assert f"--encoder_name={trunk}\n" in claimed


def test_recipes_that_come_with_the_package_are_found_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = ExperimentSettings(recipes="flags/experiments/comparison", probe_dirs="rated")
    assert settings.probe_recipe == "flags/probe.cfg"
    names = [file.name for file in experiments.recipe_files(settings.recipes)]
    assert names == sorted(path.name for path in (ROOT / "flags/experiments/comparison").glob("*.cfg"))


def test_a_system_without_prctl_runs_commands_too(monkeypatch, tmp_path):
    monkeypatch.setattr(experiments.ctypes, "CDLL", lambda name: object())
    assert experiments.succeeds(experiments.Job("this", (), tmp_path))
