"""Runs that do not belong together are kept apart, or refused."""

from __future__ import annotations

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.reports.probe_runs import read_probe_run
from aesthkeras.reports.sections import sections_of

ONE = {("conv1", 1, 0, 0): 0.6}


def sections(*folders):
    return sections_of([read_probe_run(str(folder)) for folder in folders])


def test_encoders_of_one_data_set_share_a_section_in_the_order_given(probe_run):
    found, notes = sections(probe_run("b", ONE), probe_run("a", ONE), probe_run("a", ONE, "CLIVE"))
    assert [(section.title, list(section.runs)) for section in found] == [
        ("OASIS", ["b", "a"]),
        ("CLIVE", ["a"]),
    ]
    assert notes == []


@pytest.mark.parametrize(
    ("change", "title", "words"),
    [
        ({"solver": "sgd"}, "OASIS (sgd)", "solver"),
        ({"protocol": "fixed split"}, "OASIS (protocol 2)", "protocol"),
        ({"flags": "--mirror=True\n"}, "OASIS (settings 2)", "settings of the solver"),
        ({"dataset_fingerprint": "0123456789"}, "OASIS (photos 01234567)", "fingerprint"),
    ],
)
def test_what_differs_is_shown_apart_with_a_note(probe_run, change, title, words):
    plain = probe_run("a", ONE, flags="--mirror=False\n--epochs=3\n")
    found, notes = sections(plain, probe_run("b", ONE, **{"flags": "--mirror=False\n", **change}))
    assert len(found) == 2
    assert found[1].title == title
    assert found[0].slug != found[1].slug
    assert len(notes) == 1
    assert "OASIS is shown 2 times" in notes[0]
    assert words in notes[0]


def test_shares_of_the_labels_drawn_in_another_way_are_shown_apart(probe_run, scores):
    drawn = {
        (draws, few): probe_run(
            f"{draws}-{few}", scores(0.5, (0.1, 1) if few else (1,)), flags=f"--label_draws={draws}\n"
        )
        for draws in ("stratified", "balanced")
        for few in (True, False)
    }
    # with all labels nothing is drawn, so the flag says nothing
    found, _ = sections(*drawn.values())
    assert [list(section.runs) for section in found] == [
        ["stratified-True", "stratified-False", "balanced-False"],
        ["balanced-True"],
    ]


def test_data_sets_whose_names_make_the_same_file_name(probe_run):
    names = ["my set", "my-set", "my.set"]
    found, _ = sections(*(probe_run("a", ONE, name) for name in names))
    assert len({section.slug for section in found}) == 3


def test_the_same_encoder_twice_is_refused(probe_run):
    first, second = probe_run("a", ONE), probe_run("a", ONE, name="again")
    with pytest.raises(UsageError, match=r"again.*once.*a on OASIS"):
        sections(first, second)


def test_two_encoders_of_one_name_are_told_apart(probe_run):
    first = probe_run("a", ONE, fingerprint="aaaabbbbcc")
    second = probe_run("a", ONE, fingerprint="ddddeeeeff", name="again")
    found, notes = sections(first, second)
    assert list(found[0].runs) == ["a (aaaabbbb)", "a (ddddeeee)"]
    assert "2 different encoders are called a" in notes[0]


@pytest.mark.parametrize(
    ("runs", "layers"),
    [
        ([("stem", "conv10", "conv2", "a/b")], ("stem", "conv10", "conv2", "a/b")),
        ([("conv1", "conv3"), ("conv1", "conv2", "conv3")], ("conv1", "conv2", "conv3")),
        ([("conv2",), ("conv1", "conv2", "conv3")], ("conv1", "conv2", "conv3")),
        ([("a", "b"), ("stem", "top"), ("b", "c")], ("a", "b", "stem", "top", "c")),
    ],
)
def test_layers_in_the_order_of_the_runs(probe_run, runs, layers):
    folders = [
        probe_run(f"encoder {number}", {(layer, 1, 0, 0): 0.6 for layer in names})
        for number, names in enumerate(runs)
    ]
    found, _ = sections(*folders)
    assert found[0].layers == layers


def test_layers_are_comparable_through_the_runs_that_share_some(probe_run):
    runs = [("conv1", "conv2"), ("stem", "top"), ("conv3",), ("conv2", "conv3")]
    folders = [
        probe_run(f"encoder {number}", {(layer, 1, 0, 0): 0.6 for layer in names})
        for number, names in enumerate(runs)
    ]
    section = sections(*folders)[0][0]
    ours, theirs = ("conv1", "conv2", "conv3"), ("stem", "top")
    assert [section.comparable_layers(run) for run in section.runs.values()] == [ours, theirs, ours, ours]
