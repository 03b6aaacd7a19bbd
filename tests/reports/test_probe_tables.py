"""Means, deviations, best and second best, worked out by hand."""

from __future__ import annotations

import pytest

from aesthkeras.reports.measures import MEASURES
from aesthkeras.reports.probe_runs import read_probe_run
from aesthkeras.reports.probe_tables import Cell, Table, layer_table, leaders, low_data, ranked
from aesthkeras.reports.sections import sections_of

ACCURACY = MEASURES["accuracy"]


def section(*folders):
    found, _ = sections_of([read_probe_run(str(folder)) for folder in folders])
    assert len(found) == 1
    return found[0]


def column(values, measure=ACCURACY):
    rows = {
        str(place): (None if value is None else Cell(value, None, 1),) for place, value in enumerate(values)
    }
    table = ranked(Table(("conv1",), rows), measure)
    return [cells[0].rank if cells[0] else None for cells in table.rows.values()]


def test_a_repeat_is_averaged_over_its_folds_before_the_deviation(probe_run):
    # repeats: (60 + 70) / 2 = 65 and (62 + 76) / 2 = 69: mean 67, deviation sqrt(2 * 2^2 / 1)
    scores = {
        ("conv1", 1, 0, 0): 0.60,
        ("conv1", 1, 0, 1): 0.70,
        ("conv1", 1, 1, 0): 0.62,
        ("conv1", 1, 1, 1): 0.76,
        # conv2: 50 and 54; average over layers: 57.5 and 61.5
        ("conv2", 1, 0, 0): 0.50,
        ("conv2", 1, 0, 1): 0.50,
        ("conv2", 1, 1, 0): 0.54,
        ("conv2", 1, 1, 1): 0.54,
    }
    table = layer_table(section(probe_run("a", scores)), ACCURACY)
    assert table.columns == ("conv1", "conv2", "average")
    conv1, conv2, average = table.rows["a"]
    assert (conv1.mean, conv1.deviation, conv1.replicates) == (pytest.approx(67), pytest.approx(8**0.5), 2)
    assert (conv2.mean, conv2.deviation) == (pytest.approx(52), pytest.approx(8**0.5))
    assert (average.mean, average.deviation) == (pytest.approx(59.5), pytest.approx(8**0.5))


def test_the_average_deviates_as_the_layers_do_together(probe_run):
    # what one layer wins the other loses: the average is 60 in both repeats
    scores = {
        ("conv1", 1, 0, 0): 0.5,
        ("conv1", 1, 1, 0): 0.7,
        ("conv2", 1, 0, 0): 0.7,
        ("conv2", 1, 1, 0): 0.5,
    }
    average = layer_table(section(probe_run("a", scores)), ACCURACY).rows["a"][-1]
    assert (average.mean, average.deviation) == (pytest.approx(60), pytest.approx(0))


def test_seeds_of_one_fixed_split_are_replicates(probe_run):
    folder = probe_run("a", {("conv1", 1, 0, 0): 0.6})
    first = (folder / "results.csv").read_text().splitlines()
    second = first[1].replace(",1,0,0,0,", ",1,0,0,7,").replace("0.6", "0.8")
    (folder / "results.csv").write_text("\n".join([*first, second]) + "\n")
    cell = layer_table(section(folder), ACCURACY).rows["a"][0]
    assert (cell.mean, cell.replicates) == (pytest.approx(70), 2)
    assert cell.deviation == pytest.approx(200**0.5)


def test_one_replicate_has_no_deviation(probe_run):
    cell = layer_table(section(probe_run("a", {("conv1", 1, 0, 0): 0.6})), ACCURACY).rows["a"][0]
    assert (cell.mean, cell.deviation) == (pytest.approx(60), None)


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ([60.0, 61.0, 62.0], [0, 2, 1]),
        ([62.04, 61.96, 61.0], [1, 1, 2]),  # both are shown as 62.0
        ([62.0, 61.0, 61.02, 50.0], [1, 2, 2, 0]),
        ([55.0, 55.0], [1, 1]),
        ([9.9, 10.1], [2, 1]),  # numbers, not texts
        ([60.0], [0]),
        ([None, 60.0, 61.0], [None, 2, 1]),
        ([None, 60.0], [None, 0]),
    ],
)
def test_best_and_second_best(values, ranks):
    assert column(values) == ranks


def test_negative_correlations_rank_by_value():
    assert column([-0.5, -0.1, 0.2], MEASURES["srcc"]) == [0, 2, 1]


def test_an_encoder_without_a_layer_has_no_average_and_does_not_lead(probe_run):
    one = probe_run("whole", {("conv1", 1, 0, 0): 0.6, ("conv2", 1, 0, 0): 0.5})
    two = probe_run("part", {("conv2", 1, 0, 0): 0.9})
    table = layer_table(section(one, two), ACCURACY)
    assert table.rows["part"][0] is None
    assert table.rows["part"][2] is None
    assert table.rows["part"][1].rank == 1
    assert leaders(table, "average") == ["whole"]


def test_leaders_of_a_tie():
    cells = {name: (Cell(value, None, 1),) for name, value in {"a": 60.01, "b": 59.99, "c": 50}.items()}
    assert leaders(ranked(Table(("average",), cells), ACCURACY), "average") == ["a", "b"]


def test_fractions_of_one_layer(probe_run):
    scores = {
        (layer, fraction, repeat, 0): 0.5 + fraction / 10 + repeat / 50 + (layer == "conv2") / 5
        for layer in ("conv1", "conv2")
        for fraction in (1, 0.05, 0.5)
        for repeat in range(2)
    }
    found = low_data(section(probe_run("a", scores)), ACCURACY, "conv1")
    assert found.table.columns == ("5%", "50%", "100%")
    assert [cell.mean for cell in found.table.rows["a"]] == pytest.approx([51.5, 56, 61])
    assert [cell.deviation for cell in found.table.rows["a"]] == pytest.approx([2**0.5] * 3)
    assert (found.title, found.label("a")) == ("conv1", "a")


def of_layers(start, *layers):
    """Accuracies that rise by a point from layer to layer."""
    return {(layer, 1, 0, 0): start + place / 100 for place, layer in enumerate(layers)}


def test_encoders_with_blocks_of_other_names_have_averages_of_their_own(probe_run):
    folders = [
        probe_run("ours", of_layers(0.60, "conv1", "conv2")),
        probe_run("theirs", of_layers(0.70, "stem", "block_1", "block_2")),
        probe_run("part", of_layers(0.90, "block_1")),
    ]
    table = layer_table(section(*folders), ACCURACY)
    assert table.columns == ("conv1", "conv2", "stem", "block_1", "block_2", "average")
    means = {name: [cell and round(cell.mean, 6) for cell in row] for name, row in table.rows.items()}
    assert means["ours"] == [60, 61, None, None, None, 60.5]
    assert means["theirs"] == [None, None, 70, 71, 72, 71]
    assert means["part"] == [None, None, None, 90, None, None]
    assert leaders(table, "average") == ["theirs"]


def test_few_labels_are_shown_at_conv3_or_the_middle_block(probe_run):
    runs = [
        probe_run("ours", of_layers(0.5, "conv1", "conv2", "conv3", "conv4")),
        probe_run("theirs", of_layers(0.7, "stem", "block_1", "block_2")),
    ]
    found = low_data(section(*runs), ACCURACY, "")
    assert found.layers == {"ours": "conv3", "theirs": "block_1"}
    assert [row[0].mean for row in found.table.rows.values()] == pytest.approx([52, 71])
    assert (found.title, found.label("theirs")) == ("middle block", "theirs (block_1)")
    wanted = low_data(section(*runs), ACCURACY, "stem")
    assert wanted.table.rows["ours"] == (None,)
    assert (wanted.title, wanted.label("theirs")) == ("stem", "theirs")


def test_folds_without_the_measure_are_left_out(probe_run):
    scores = {
        ("conv1", 1, 0, 0): {"accuracy": 0.6, "auc": 0.8},
        ("conv1", 1, 0, 1): {"accuracy": 0.6},
        ("conv1", 1, 0, 2): {"accuracy": 0.6, "auc": 0.6},
    }
    found = section(probe_run("a", scores))
    assert layer_table(found, MEASURES["auc"]).rows["a"][0].mean == pytest.approx(0.7)
    assert layer_table(found, MEASURES["plcc"]).rows["a"] == (None, None)
