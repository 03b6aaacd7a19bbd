"""Damaged and unfinished runs end in a line that names the folder, the file and what was expected."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.reports.predictions import read_predictions
from aesthkeras.reports.probe_runs import read_probe_run

SCORES = {
    (layer, 1, repeat, fold): 0.6 for layer in ("conv1", "conv2") for repeat in (0, 1) for fold in (0, 1)
}


def refusal(folder) -> str:
    with pytest.raises(UsageError) as error:
        read_predictions(read_probe_run(str(folder)))
    text = str(error.value)
    assert str(folder) in text
    assert "expected" in text
    assert "\n" not in text
    return text


def test_what_was_written_is_read(probe_run):
    folder = probe_run("a", SCORES, flags="--seed=3\n")
    (folder / "run.json").write_text(json.dumps({"commit": "abc"}))
    run = read_probe_run(str(folder))
    assert (run.encoder, run.dataset, run.solver, run.layers) == ("a", "OASIS", "lbfgs", ("conv1", "conv2"))
    assert (run.fractions, run.folds, run.flags, run.commit) == ((1.0,), 2, {"seed": "3"}, "abc")
    found = read_predictions(run)
    assert found.probabilities.shape == (2, 2, 40)
    assert found.repeats == (0, 1)
    np.testing.assert_array_equal(found.folds, [[0] * 20 + [1] * 20] * 2)
    assert len(set(found.units)) == len(found.units)
    assert found.majority() == 0.5


def test_a_folder_that_is_none(tmp_path):
    assert "folder of a probe run" in refusal(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    assert "probe.json" in refusal(tmp_path / "empty")


@pytest.mark.parametrize("name", ["probe.json", "results.csv", "predictions.npz"])
@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe\x00garbled", b"PK\x03\x04 cut short", b"[]", b'{"a": 1}']
)
def test_missing_empty_and_garbled_files(probe_run, name, content):
    folder = probe_run("a", SCORES)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    assert name in refusal(folder)


def test_flags_that_are_no_text(probe_run):
    folder = probe_run("a", SCORES)
    (folder / "flags.cfg").write_bytes(b"--mirror=\xff\xfe\n")
    assert "flags.cfg" in refusal(folder)


def test_predictions_cut_short(probe_run):
    folder = probe_run("a", SCORES)
    whole = (folder / "predictions.npz").read_bytes()
    for length in (10, len(whole) // 2, len(whole) - 10):
        (folder / "predictions.npz").write_bytes(whole[:length])
        assert "predictions.npz" in refusal(folder)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("encoder",), "a", "'encoder'"),
        (("encoder", "fingerprint"), None, "'fingerprint'"),
        (("dataset", "photos"), "many", "'photos'"),
        (("layers",), [], "'layers'"),
        (("solver",), 3, "'solver'"),
        (("solver",), "sgd", "solver 'sgd'"),
        (("layers",), ["conv1", "conv2", "conv3"], "unfinished"),
        (("layers",), ["conv1"], "line 6"),
    ],
)
def test_facts_of_another_kind(probe_run, place, value, words):
    folder = probe_run("a", SCORES)
    facts = json.loads((folder / "probe.json").read_text())
    *way, last = place
    part = facts
    for name in way:
        part = part[name]
    part[last] = value
    (folder / "probe.json").write_text(json.dumps(facts))
    assert words in refusal(folder)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("accuracy", "precision", "column accuracy"),
        ("conv1,1,0,0,0,40,40,0.6", "conv1,1,0,0,0,40,40,60", "accuracy from 0 to 1"),
        ("conv1,1,0,0,0,40,40,0.6", "conv1,1,0,0,0,40,40,much", "line 2"),
        ("conv1,1,0,0,0,40,40,0.6", "conv1,2,0,0,0,40,40,0.6", "fraction above 0"),
        ("a,OASIS,lbfgs,conv1,1,0,0,0", "b,OASIS,lbfgs,conv1,1,0,0,0", "encoder 'a'"),
        ("a,OASIS,lbfgs,conv2,1,1,1,11,40,40,0.6,,,,\n", "", "unfinished"),
        ("conv1,1,1,1,11", "conv1,1,0,0,0", "twice"),
    ],
)
def test_results_of_another_kind(probe_run, old, new, words):
    folder = probe_run("a", SCORES)
    text = (folder / "results.csv").read_text().replace("\r\n", "\n")
    assert old in text
    (folder / "results.csv").write_text(text.replace(old, new, 1))
    assert words in refusal(folder)


def test_results_without_a_line(probe_run):
    folder = probe_run("a", SCORES)
    (folder / "results.csv").write_text((folder / "results.csv").read_text().splitlines()[0] + "\n")
    assert "at least one result" in refusal(folder)


def changed(probe_run, **arrays):
    folder = probe_run("a", SCORES)
    with np.load(folder / "predictions.npz") as stored:
        whole = dict(stored)
    whole.update({name.replace("__", "/"): array for name, array in arrays.items()})
    np.savez(
        folder / "predictions.npz", **{name: array for name, array in whole.items() if array is not None}
    )
    return folder


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"ids": None}, "ids"),
        ({"labels__1": None}, "labels/1"),
        ({"folds__1": None}, "older versions did not write: give the probe's own command once more"),
        ({"conv2__1__1": np.ones((40, 2), np.float32)}, "of each of 1 seeds"),
        ({"conv2__1__1": None}, "every layer and repeat"),
        ({"conv2__1__1": np.ones(7, np.float32)}, "one length"),
        ({"conv2__1__1": np.full(40, 1.5, np.float32)}, "from 0 to 1"),
        ({"ids": np.array([object()] * 40)}, "predictions.npz"),
    ],
)
def test_predictions_that_do_not_fit(probe_run, arrays, words):
    assert words in refusal(changed(probe_run, **arrays))


def test_groups_by_name_and_by_number(probe_run):
    names = np.array(["x", "x", "", "", "y"] * 8)
    units = read_predictions(read_probe_run(str(changed(probe_run, groups=names)))).units
    assert len(np.unique(units)) == 2 + 16  # those without a name stand alone
    assert len({unit for unit, name in zip(units, names) if name == "x"}) == 1


def test_group_numbers(probe_run):
    numbers = np.array([0, 0, -1, -1, 3] * 8)
    found = read_predictions(read_probe_run(str(changed(probe_run, groups=numbers))))
    assert len(set(found.units)) < len(found.units)
    assert len(np.unique(found.units)) == 2 + 16
