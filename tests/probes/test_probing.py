"""A probe run as a person sees it: files, resuming, refusals."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.labelled.results import PROBE_COLUMNS
from aesthkeras.probes import probing
from aesthkeras.probes.settings import ProbeRecipe


@pytest.fixture(scope="module")
def finished(rated, exported, tmp_path_factory):
    """The command on the set with a broken photo and a label too many; two label fractions."""
    folder = tmp_path_factory.mktemp("finished")
    data = folder / "tiny"
    shutil.copytree(rated.folder, data)
    (data / "images" / "03.png").write_bytes(b"not a photo")
    with open(data / "labels.csv", "a") as table:
        table.write("images/none.jpg,5,alone\n")
    flags = [f"--encoder={exported}", f"--data_dir={data}", f"--run_dir={folder / 'run'}"]
    flags += ["--layers=conv5,conv1", "--folds=3", "--repeats=2", "--label_fractions=1,0.5"]
    command = [sys.executable, "-m", "aesthkeras.probe", *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "2 photos could not be used" in result.stderr
    assert "24 rows in" in result.stderr
    return folder / "run"


def rows_of(run):
    with open(run / "results.csv", newline="") as lines:
        return list(csv.DictReader(lines))


def test_results_have_a_row_a_probe(finished):
    rows = rows_of(finished)
    assert tuple(rows[0]) == PROBE_COLUMNS
    keys = {(row["layer"], row["fraction"], row["repeat"], row["fold"]) for row in rows}
    assert len(keys) == len(rows) == 2 * 2 * 2 * 3
    for row in rows:
        assert (row["encoder"], row["dataset"], row["solver"]) == ("tiny", "tiny", "lbfgs")
        assert all(0 <= float(row[name]) <= 1 for name in ("accuracy", "balanced_accuracy", "auc"))
        assert (
            int(row["test_photos"]) + int(row["train_photos"]) * (2 if row["fraction"] == "0.5" else 1) <= 37
        )
    best = np.mean([float(row["auc"]) for row in rows if row["fraction"] == "1"])
    assert best > 0.7  # brightness can be seen


def test_predictions_repeat_the_accuracies(finished):
    stored = np.load(finished / "predictions.npz")
    assert len(stored["ids"]) == len(stored["groups"]) == 35
    assert "images/03.png" not in stored["ids"]
    for row in rows_of(finished):
        probabilities = stored[f"{row['layer']}/{row['fraction']}/{row['repeat']}"]
        assert probabilities.dtype == np.float32
        assert np.isfinite(probabilities).all()
    for layer in ("conv1", "conv5"):
        labels = stored["labels/1"]
        right = (stored[f"{layer}/1/1"] >= 0.5) == labels
        rows = [r for r in rows_of(finished) if (r["layer"], r["fraction"], r["repeat"]) == (layer, "1", "1")]
        accuracies = [float(row["accuracy"]) * int(row["test_photos"]) for row in rows]
        assert right.sum() == pytest.approx(sum(accuracies))


def test_the_description_says_what_was_probed(finished, encoder):
    description = json.loads((finished / "probe.json").read_text())
    assert description["encoder"]["fingerprint"] == encoder.fingerprint
    assert description["dataset"]["name"] == "tiny"
    assert description["dataset"]["photos"] == 35
    assert description["dataset"]["scored"] is True
    assert description["layers"] == ["conv1", "conv5"]
    assert description["values"] == {"conv1": 1600, "conv5": 16 * 32}
    assert "grouped" in description["protocol"]


def test_what_could_not_be_used_is_listed_with_its_reason(finished):
    with open(finished / "quarantine.csv", newline="") as lines:
        reasons = {row["path"].split("/")[-1]: row["reason"] for row in csv.DictReader(lines)}
    assert "not a JPEG, PNG, GIF or BMP" in reasons["03.png"]
    assert "no such file" in reasons["none.jpg"]
    assert len(reasons) == 2


@pytest.mark.long
def test_a_run_that_was_cut_short_goes_on_and_ends_alike(finished, rated, run_probe, tmp_path, monkeypatch):
    data = finished.parent / "tiny"
    shutil.copytree(finished, tmp_path / "run")
    for name in ("0-1", "1-2"):
        (tmp_path / "run" / "parts" / f"{name}.npz").unlink()
    (tmp_path / "run" / "parts" / "1-0.npz").write_bytes(b"PK cut")
    (tmp_path / "run" / "parts" / "0-0.npz").write_bytes(b"")
    (tmp_path / "run" / "results.csv").unlink()
    shutil.rmtree(tmp_path / "run" / "features")
    done = []
    original = probing.probe_part
    monkeypatch.setattr(
        probing, "probe_part", lambda part, *rest: done.append(part[:2]) or original(part, *rest)
    )
    run_probe(data, tmp_path / "run", label_fractions="1,0.5")
    assert done == [(0, 0), (0, 1), (1, 0), (1, 2)]
    again, first = rows_of(tmp_path / "run"), rows_of(finished)
    assert [tuple(row[name] for name in PROBE_COLUMNS[:10]) for row in again] == [
        tuple(row[name] for name in PROBE_COLUMNS[:10]) for row in first
    ]
    for name in PROBE_COLUMNS[10:]:
        np.testing.assert_allclose(
            [float(r[name]) for r in again], [float(r[name]) for r in first], atol=1e-3
        )


def test_mirrored_views_count_as_one_photo(rated, run_probe, tmp_path):
    run = run_probe(rated.folder, tmp_path / "run", mirror=True, layers="conv5", repeats=1)
    assert {row["train_photos"] for row in rows_of(run)} == {"24"}
    assert np.isfinite(np.load(run / "predictions.npz")["conv5/1/0"]).all()


@pytest.mark.long
def test_another_recipe_in_the_same_folder_is_refused_in_one_line(finished, exported):
    flags = [f"--encoder={exported}", f"--data_dir={finished.parent / 'tiny'}", f"--run_dir={finished}"]
    command = [sys.executable, "-m", "aesthkeras.probe", *flags, "--folds=4"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "--folds was 3, now 4" in result.stderr


@pytest.mark.long
def test_with_all_labels_a_run_goes_on_whichever_way_shares_of_them_would_be_drawn(exported, rated, tmp_path):
    """Older versions drew them balanced, and their run folders say so."""
    flags = [f"--encoder={exported}", f"--data_dir={rated.folder}", f"--run_dir={tmp_path / 'run'}"]
    command = [sys.executable, "-m", "aesthkeras.probe", *flags, "--layers=conv5", "--folds=2", "--repeats=1"]
    for draws in (["--label_draws=balanced"], []):
        result = subprocess.run([*command, *draws], capture_output=True, text=True, check=False, timeout=100)
        assert result.returncode == 0, result.stderr[-2000:]
    few = [*command, "--label_fractions=0.5"]
    result = subprocess.run(few, capture_output=True, text=True, check=False, timeout=100)
    assert (result.returncode, "--label_fractions was 1, now 0.5" in result.stderr) == (2, True)


def test_another_encoder_or_other_labels_are_refused(finished, run_probe, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    shutil.copytree(finished.parent / "tiny", tmp_path / "tiny")
    same = {"label_fractions": "1,0.5"}
    other = find_encoder("random:alexnet?width=0.125&crop=96&resize=104")
    with pytest.raises(UsageError, match="^encoder: .* began with tiny; this is another"):
        run_probe(tmp_path / "tiny", tmp_path / "run", encoder=other, **same)
    table = tmp_path / "tiny" / "labels.csv"
    lines = table.read_text().splitlines()
    lines[1] = "images/00.png,9.5,pair 0"
    table.write_text("\n".join(lines) + "\n")
    with pytest.raises(UsageError, match="^data_dir: "):
        run_probe(tmp_path / "tiny", tmp_path / "run", **same)


def test_without_layers_all_blocks_of_the_encoder_are_probed(rated, run_probe, encoder, tmp_path):
    outputs = {name: encoder.model.output[name] for name in ("conv4", "conv2", "embedding")}
    two = encoder._replace(model=keras.Model(encoder.model.input, outputs))
    run = run_probe(rated.folder, tmp_path / "run", encoder=two, layers="", folds=2, repeats=1)
    assert [row["layer"] for row in rows_of(run)] == ["conv4", "conv2"] * 2
    assert json.loads((run / "probe.json").read_text())["layers"] == ["conv4", "conv2"]


@pytest.mark.long
def test_a_layer_that_the_encoder_lacks_is_named_before_the_folder_is_claimed(rated, exported, tmp_path):
    flags = [f"--encoder={exported}", f"--data_dir={rated.folder}", f"--run_dir={tmp_path / 'run'}"]
    command = [sys.executable, "-m", "aesthkeras.probe", *flags, "--layers=conv1,conv9"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert result.returncode == 2
    expected = "--layers=conv1,conv9: expected some of conv1,conv2,conv3,conv4,conv5"
    assert result.stderr == f"aesthkeras: {expected}\n"
    assert not (tmp_path / "run").exists()


def test_impossible_folds_do_not_claim_the_folder(rated, run_probe, tmp_path):
    with pytest.raises(UsageError, match="folds=30"):
        run_probe(rated.folder, tmp_path / "run", folds=30)
    assert not (tmp_path / "run").exists()


def test_labels_for_images_that_do_not_exist_are_refused(rated, run_probe, tmp_path):
    (tmp_path / "data").mkdir()
    shutil.copy(rated.folder / "labels.csv", tmp_path / "data")
    with pytest.raises(UsageError, match="labels.csv"):
        run_probe(tmp_path / "data", tmp_path / "run")


@pytest.mark.parametrize(
    "settings, flag",
    [
        ({"folds": 1}, "folds=1"),
        ({"label_fractions": "0,1"}, "label_fractions=0,1"),
        ({"label_fractions": "half"}, "label_fractions=half"),
        ({"seeds": 3}, "seeds=3"),
        ({"mirror": True, "solver": "sgd"}, "mirror=True"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
    ],
)
def test_settings_out_of_range_name_their_flag(settings, flag):
    with pytest.raises(UsageError, match=flag):
        ProbeRecipe(**settings)
