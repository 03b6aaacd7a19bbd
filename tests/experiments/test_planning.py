"""Which commands a set of experiments is; mistakes are named before anything runs; recipes are sound."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.experiments.planning import plan, recipe_files
from aesthkeras.experiments.settings import ExperimentSettings

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "flags" / "experiments").glob("*/*.cfg"))


def test_every_seed_of_every_recipe_is_trained_and_probed_everywhere(settings):
    jobs = plan(settings)
    assert [job.name for job in jobs[:5]] == [
        "probe-untrained-seed0-oasis",
        "probe-untrained-seed0-clive",
        "pretrain-ours-seed0",
        "probe-ours-seed0-oasis",
        "probe-ours-seed0-clive",
    ]
    assert [job.shown() for job in jobs[-3:]] == [
        "python -m aesthkeras.pretrain --flagfile=recipes/rival.cfg --seed=3 "
        "--run_dir=runs/pretrain/rival-seed3 --out=runs/models/rival-seed3",
        "python -m aesthkeras.probe --flagfile=probe.cfg --dataset=csv --data_dir=oasis "
        "--encoder=runs/models/rival-seed3 --run_dir=runs/probes/rival-seed3-oasis",
        "python -m aesthkeras.probe --flagfile=probe.cfg --dataset=csv --data_dir=clive "
        "--encoder=runs/models/rival-seed3 --run_dir=runs/probes/rival-seed3-clive",
    ]
    assert [job.needs for job in jobs[:5]] == [None] * 3 + [Path("runs/pretrain/ours-seed0")] * 2
    assert jobs[9].shown() == (
        "python -m aesthkeras.probe --flagfile=probe.cfg --dataset=csv --data_dir=clive "
        "'--encoder=random:alexnet?width=0.5&seed=3' --run_dir=runs/probes/untrained-seed3-clive "
        "--calibration_dir=photos"
    )


def test_photos_and_further_flags_come_after_a_recipe(settings):
    changed = replace(
        settings,
        photos="oasis",
        pretrain_flags="--width=0.5 '--data_notes=a b'",
        probe_flags="--folds=3",
        calibration_dir="",
        seeds="0",
    )
    shown = [job.shown() for job in plan(changed)]
    assert shown[0].endswith("--calibration_dir=oasis")
    assert "--flagfile=probe.cfg --folds=3 --dataset=csv" in shown[0]
    places = "--data_dir=oasis --seed=0 --run_dir=runs/pretrain/ours-seed0"
    assert f"--flagfile=recipes/ours.cfg --width=0.5 '--data_notes=a b' {places}" in shown[2]


def test_encoders_that_exist_are_probed_beside_them(settings):
    spec = "keras:MobileNetV2?weights=imagenet&blocks=a,b"
    jobs = plan(replace(settings, recipes="", untrained="", encoders=f"savedmodels/places_label {spec}"))
    assert [job.folder.name for job in jobs] == [
        f"{name}-{one}" for name in ("places_label", "MobileNetV2") for one in ("oasis", "clive")
    ]
    assert f"--encoder={spec}" in jobs[2].flags


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"recipes": "nowhere.cfg"}, "recipes=nowhere.cfg: expected a flag file"),
        ({"recipes": "oasis"}, "recipes=oasis: expected a flag file, or a folder"),
        ({"recipes": "recipes,recipes/ours.cfg"}, "two files are called ours.cfg"),
        ({"recipes": ""}, "recipes=: expected flag files"),
        ({"photos": "nowhere"}, "photos=nowhere: expected a folder of photos or of shards"),
        ({"probe_sets": "photos"}, "probe_sets=photos: no such folder; expected a folder of photos with"),
        ({"probe_sets": "ava:oasis"}, "AVA.txt: no such file"),
        ({"probe_sets": "oasis,recipes/../oasis"}, "probe_sets=.*: expected different names"),
        ({"probe_sets": "ava:a,ava:b"}, "probe_sets=.*: expected different names"),
        ({"encoders": "a/x b/x"}, "encoders=a/x b/x: expected different names"),
        ({"encoders": "models/ours-seed0"}, "expected other names; two are ours-seed0-oasis"),
        ({"seeds": "1,x"}, "seeds=1,x: expected different numbers"),
        ({"seeds": "1,1"}, "seeds=1,1: expected different numbers"),
        ({"probe_recipe": "x.cfg"}, "probe_recipe=x.cfg: expected a flag file"),
        ({"devices": "gpu:0,tpu"}, "devices=gpu:0,tpu: expected gpu:NUMBER or cpu"),
        ({"pretrain_flags": "--a 'b"}, "pretrain_flags=--a 'b: expected flags as a shell takes them"),
        ({"pretrain_flags": "--crop=300"}, "crop=300: expected at most the shorter edge"),
        ({"pretrain_flags": "--no_such_flag=1"}, "no_such_flag"),
        (
            {"probe_flags": "--folds=41"},
            "probe_sets=oasis: folds=41: expected no more folds than the set has",
        ),
        ({"head": "nonlinear", "probe_flags": "--solver=sgd"}, "solver"),
    ],
)
def test_mistakes_are_named_before_anything_runs(settings, change, line):
    with pytest.raises(UsageError, match=line):
        plan(ExperimentSettings(**{**vars(settings), **change}))


@pytest.mark.parametrize("flag", ["--folds=1", "--no_such_flag=1", "--repeats=x", "path,score"])
@pytest.mark.parametrize("recipe", ["probe.cfg", "recipes/rival.cfg"])
def test_a_mistake_in_a_recipe_is_named_before_anything_runs(settings, flag, recipe):
    Path(recipe).write_text(f"{flag}\n")
    with pytest.raises(UsageError, match=flag.strip("-").partition("=")[0]):
        plan(settings)


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
    settings = ExperimentSettings(recipes="flags/experiments/comparison", probe_sets="rated")
    assert settings.probe_recipe == "flags/probe.cfg"
    names = [file.name for file in recipe_files(settings.recipes)]
    assert names == sorted(path.name for path in (ROOT / "flags/experiments/comparison").glob("*.cfg"))
