"""Adaptation as a person sees it: a command, a run folder, a scorer; cuts, splits and refusals."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.labelled.protocols import read_labelled
from aesthkeras.networks.export import Export
from aesthkeras.scorers import adapting
from aesthkeras.scorers.adapting import adapt, find_trunk, name_blocks, require_adaptable
from aesthkeras.scorers.settings import ScorerRecipe, ScorerRunSettings
from aesthkeras.training.checkpoints import TrainingCheckpoint
from aesthkeras.training.run_folder import RunFolder

SMALL = {"blocks": "conv1", "hidden": "8", "members": 2, "inner_folds": 3, "components": 12, "views": 3}
SMALL |= {"folds": 3, "repeats": 1, "epochs": 20, "batch_size": 8, "dropout": 0.2}


@pytest.fixture(scope="module")
def counted(rated, tmp_path_factory) -> Path:
    """The rated set with 12 raters each, whose ratings 1 to 5 lie about the brightness."""
    folder = tmp_path_factory.mktemp("counted") / "tiny"
    shutil.copytree(rated.folder, folder)
    (folder / "images" / "03.png").write_bytes(b"not a photo")
    order = np.argsort(np.argsort(rated.scores))
    lines = ["path,theme,c1,c2,c3,c4,c5"]
    for name, group, place in zip(rated.names, rated.groups, order):
        counts = np.bincount(np.clip(np.round(1 + 4 * place / 35 + np.linspace(-1, 1, 12)), 1, 5).astype(int))
        lines.append(",".join([name, group, *map(str, np.resize(np.append(counts[1:], [0] * 5), 5))]))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def run_adapt(
    data: Path,
    run_dir: Path,
    exported: Path,
    dataset: DatasetSettings | None = None,
    tiles: int = 0,
    checkpoint_minutes: float = 10,
    **settings,
):
    where = {"encoder": exported, "data_dir": data, "run_dir": run_dir, "out": run_dir.parent / "scorer"}
    more = {"cache": "memory", "tiles": tiles, "checkpoint_minutes": checkpoint_minutes}
    run_settings = ScorerRunSettings(**{name: str(path) for name, path in where.items()}, **more)
    recipe = ScorerRecipe(**{**SMALL, **settings})
    choices = dataset or DatasetSettings()
    labelled = read_labelled(run_settings.dataset, run_settings.data_dir, choices, recipe)
    require_adaptable(labelled, recipe)
    encoder = find_trunk(run_settings, recipe)
    run = RunFolder(run_dir)
    run.claim({"seed": "0"}, set())
    return adapt(run, encoder, labelled, recipe, run_settings)


@pytest.fixture(scope="module")
def finished(counted, exported, tmp_path_factory) -> Path:
    """A distribution learned; the scorer lies beside the run."""
    folder = tmp_path_factory.mktemp("finished")
    run_adapt(counted, folder / "run", exported, target="distribution")
    return folder


def rows_of(run: Path) -> list[dict[str, str]]:
    with open(run / "results.csv", newline="") as lines:
        return list(csv.DictReader(lines))


def test_results_are_of_photos_that_did_not_train(finished):
    rows = rows_of(finished / "run")
    assert [row["fold"] for row in rows] == ["0", "1", "2"]
    assert sum(int(row["test_photos"]) for row in rows) == 35
    assert all(int(row["train_photos"]) + int(row["test_photos"]) == 35 for row in rows)
    assert np.mean([float(row["srcc"]) for row in rows]) > 0.5  # brightness can be seen
    stored = np.load(finished / "run" / "predictions.npz")
    right = (stored["score/0"] >= 0.5) == stored["labels/0"]
    accuracies = [float(row["accuracy"]) * int(row["test_photos"]) for row in rows]
    assert right.sum() == pytest.approx(sum(accuracies))


def test_run_folder_says_what_was_measured(finished):
    measured = json.loads((finished / "run" / "run.json").read_text())["measured"]
    rows = rows_of(finished / "run")
    assert measured["auc"] == [pytest.approx(np.mean([float(row["auc"]) for row in rows])), None]
    assert 0 <= measured["calibration_error"][0] < 0.5
    with Image.open(finished / "run" / "adapt.png") as picture:
        assert len(picture.convert("RGB").getcolors(2**20)) > 50


def test_scorer_knows_what_it_is_and_scores_photos(finished, counted):
    version = finished / "scorer" / "1"
    meaning = Export.open(version).meaning
    assert (meaning["target"], meaning["photos"], meaning["rating_range"]) == ("distribution", 35, [1.0, 5.0])
    assert "at least" in meaning["score"]
    assert "siblings" in meaning["exported"]
    names = [counted / "images" / f"{index:02}.png" for index in (0, 11)]  # the darkest and the brightest
    photos = tf.constant([name.read_bytes() for name in names])
    answer = tf.saved_model.load(str(version)).signatures["serving_default"](image_bytes=photos)
    assert answer["distribution"].shape == (2, 5)
    assert answer["score"][0] < 0.5 < answer["score"][1]
    assert answer["rating"][0] + 0.3 < answer["rating"][1]
    assert set(Export.open(version).scoring_model().output) >= {"score", "rating", "distribution", "conv5"}


@pytest.mark.long
def test_a_run_that_was_cut_goes_on_and_ends_alike(finished, counted, exported, tmp_path, monkeypatch):
    """Killed in the second fold: only what was not done is trained, and every number is the same."""
    original, done = adapting.fit_scorer, []

    def fit(part, *rest):
        if len(done) == 1 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            raise KeyboardInterrupt
        done.append(len(part.test))
        return original(part, *rest)

    monkeypatch.setattr(adapting, "fit_scorer", fit)
    with pytest.raises(KeyboardInterrupt):
        run_adapt(counted, tmp_path / "run", exported, target="distribution")
    run_adapt(counted, tmp_path / "run", exported, target="distribution")
    assert len(done) == 4 and done[-1] == 0  # three folds, each once, and the scorer of all photos
    assert (tmp_path / "run" / "results.csv").read_text() == (
        finished / "run" / "results.csv"
    ).read_text().replace("\r", "")
    first, second = (Export.open(folder / "scorer").scoring_model() for folder in (finished, tmp_path))
    for one, other in zip(first.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(one, other)
    run_adapt(counted, tmp_path / "run", exported, target="distribution")
    assert len(done) == 4  # all done: nothing is trained, no second version
    assert [path.name for path in (tmp_path / "scorer").iterdir()] == ["1"]


@pytest.mark.parametrize("protocol", ["split", "kfold"])
@pytest.mark.long
def test_killed_before_the_export_is_on_record_nothing_is_trained_twice(
    protocol, rated, exported, tmp_path, monkeypatch
):
    split = DatasetSettings(split="random", split_seed=5, test_share=0.3, validation_share=0.2, threshold="4")
    settings = {"protocol": protocol, "checkpoint_minutes": 0}
    if protocol == "split":
        settings["dataset"] = split
    original, begun_at = TrainingCheckpoint.restore, []

    def restore(checkpoint, training):
        begun_at.append(original(checkpoint, training))
        return begun_at[-1]

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingCheckpoint, "restore", restore)
    with monkeypatch.context() as broken:
        broken.setattr(adapting, "export_fitted", killed)
        with pytest.raises(KeyboardInterrupt):
            run_adapt(rated.folder, tmp_path / "run", exported, **settings)
    parts, before = (1, [0]) if protocol == "split" else (4, [0] * 4)  # the folds and the whole
    assert begun_at == before
    run_adapt(rated.folder, tmp_path / "run", exported, **settings)
    assert len(begun_at) == parts + 1 and begun_at[-1] > 0
    assert not list(tmp_path.rglob("*.training"))


@pytest.mark.long
@pytest.mark.parametrize(("tiles", "pooling"), [(0, "vissl"), (2, "statistics")])
def test_a_split_exports_the_scorer_that_was_tested(rated, exported, tmp_path, tiles, pooling):
    split = DatasetSettings(split="random", split_seed=5, test_share=0.3, validation_share=0.2, threshold="4")
    settings = {"protocol": "split", "pooling": pooling, "tiles": tiles}
    version = run_adapt(rated.folder, tmp_path / "run", exported, dataset=split, **settings)
    (row,) = rows_of(tmp_path / "run")
    assert int(row["train_photos"]) + int(row["validation_photos"]) + int(row["test_photos"]) == 36
    stored = np.load(tmp_path / "run" / "predictions.npz")
    tested = np.flatnonzero(np.isfinite(stored["score/0"]))
    files = tf.constant([(rated.folder / str(stored["ids"][index])).read_bytes() for index in tested])
    answer = tf.saved_model.load(str(version)).signatures["serving_default"](image_bytes=files)
    np.testing.assert_allclose(answer["score"], stored["score/0"][tested], rtol=1e-3, atol=1e-5)
    assert set(answer) == {"score"}
    meaning = Export.open(version).meaning
    assert (meaning["exported"], meaning["pooling"]) == ("the scorer that was measured", pooling)
    assert ("2 x 2 tiles" in meaning["encoder"]["name"]) == (tiles == 2)
    crop, exported_crop = (Export.open(folder).crop for folder in (version, exported))
    assert crop == max(tiles, 1) * exported_crop


@pytest.mark.long
def test_a_head_reads_the_blocks_of_two_encoders(rated, exported, tmp_path):
    split = DatasetSettings(split="random", split_seed=5, test_share=0.3, threshold="4")
    settings = {"protocol": "split", "pooling": "statistics", "blocks": "colour,conv5,naturalness"}
    version = run_adapt(rated.folder, tmp_path / "run", f"{exported},statistics", dataset=split, **settings)
    stored = np.load(tmp_path / "run" / "predictions.npz")
    tested = np.flatnonzero(np.isfinite(stored["score/0"]))
    files = tf.constant([(rated.folder / str(stored["ids"][index])).read_bytes() for index in tested])
    answer = tf.saved_model.load(str(version)).signatures["serving_default"](image_bytes=files)
    np.testing.assert_allclose(answer["score"], stored["score/0"][tested], rtol=1e-3, atol=1e-5)
    meaning = Export.open(version).meaning
    assert meaning["blocks"] == ["conv5", "naturalness", "colour"]
    assert (meaning["encoder"]["name"], meaning["encoder"]["spec"]) == (
        "tiny + statistics",
        f"{exported},statistics",
    )


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        ({"target": "distribution"}, "target=distribution: .* c1 to cK"),
        ({"inner_folds": 13}, "inner_folds=13"),
        ({"folds": 19}, "folds=19"),
    ],
)
def test_what_the_set_cannot_give_does_not_claim_the_folder(settings, flag, rated, exported, tmp_path):
    with pytest.raises(UsageError, match=flag):
        run_adapt(rated.folder, tmp_path / "run", exported, **settings)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("blocks", "named"),
    [
        ("conv5, conv1", "conv1,conv5"),
        ("embedding,conv2", "conv2,embedding"),
        ("", "conv1,conv2,conv3,conv4,conv5"),
        (ScorerRecipe().blocks, "conv3,conv4,conv5"),
    ],
)
def test_blocks_come_in_the_order_of_the_encoder(blocks, named, encoder):
    assert name_blocks(ScorerRecipe(blocks=blocks), encoder).blocks == named


def test_of_an_encoder_with_other_names_the_default_is_all_blocks(encoder):
    outputs = {f"block {number}": encoder.model.output[f"conv{number}"] for number in (1, 2)}
    other = encoder._replace(model=keras.Model(encoder.model.input, outputs))
    assert name_blocks(ScorerRecipe(), other).block_names == ["block 1", "block 2"]
    with pytest.raises(UsageError, match="^blocks=conv3,embedding: expected some of block 1,block 2$"):
        name_blocks(ScorerRecipe(blocks="conv3,embedding"), other)


def test_of_encoders_side_by_side_the_default_leaves_out_the_first_two_blocks_of_each(encoder):
    names = ["conv1", "conv2", "conv3", "conv1.2", "conv5.2", "colour"]
    outputs = {name: encoder.model.output[name] for name in ("conv1", "conv2", "conv3")}
    outputs |= {name: encoder.model.output["conv5"] for name in names[3:]}
    joined = encoder._replace(model=keras.Model(encoder.model.input, outputs))
    assert name_blocks(ScorerRecipe(), joined).block_names == ["conv3", "conv5.2", "colour"]
    assert name_blocks(ScorerRecipe(blocks=""), joined).block_names == names


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ([], "--encoder="),
        (["--trunk=finetuned", "--members=1", "--tiles=2"], "--tiles=2: expected 0 or 1 with"),
        (["--tiles=9"], "--tiles=9: expected 0 to 8"),
    ],
)
def test_mistakes_are_refused_in_one_line(rated, tmp_path, more, line):
    flags = [f"--encoder={tmp_path}", f"--data_dir={rated.folder}", f"--run_dir={tmp_path / 'run'}", *more]
    command = [sys.executable, "-m", "aesthkeras.adapt", *flags, f"--out={tmp_path / 'scorer'}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert line in result.stderr
