"""Data sets beside each other as in the paper's Tables 2 and 4, and scorers as in its Table 3."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.labelled.results import SCORER_COLUMNS
from aesthkeras.reports.probe_runs import read_probe_run
from tests.report_pages import Page, lines, markdown_tables, reported


def test_an_encoders_blocks_on_all_data_sets_stand_in_one_row(probe_run, scores, tmp_path):
    runs = [
        probe_run(name, scores(start), dataset)
        for name, dataset, start in (("ours", "ava", 0.7), ("ours", "aadb", 0.6), ("rival", "ava", 0.5))
    ]
    reported(runs, tmp_path / "out", with_paper=True)
    table = markdown_tables((tmp_path / "out/report.md").read_text())["All data sets"]
    layers = [*(f"conv{number}" for number in range(1, 6)), "average"]
    assert table[0] == ["encoder", *(f"{name} {layer}" for name in ("ava", "aadb") for layer in layers)]
    rows = {row[0]: row[1:] for row in table[2:]}
    # two repeats 2 points apart, as in the tables of each set
    assert rows["ours"][:2] == ["**72.0 ± 1.4**", "**73.0 ± 1.4**"] and rows["ours"][6] == "62.0 ± 1.4"
    assert rows["rival"][6:] == ["–"] * 6
    assert rows["paper: Ours"][4:8] == ["80.6", "80.0", "62.6", "65.9"]
    written = {
        (row["encoder"], row["source"]): row for row in lines(tmp_path / "out/tables/side_by_side.csv")
    }
    assert float(written["ours", "ours"]["aadb conv1"]) == pytest.approx(62)
    assert written["rival", "ours"]["aadb conv1"] == ""
    assert float(written["Counting", "paper"]["ava average"]) == 58.56


def test_what_an_attribute_is_worth_stands_beside_the_papers_loss(probe_run, scores, tmp_path):
    runs = [
        probe_run(name, scores(start), dataset)
        for dataset in ("ava", "aadb")
        for name, start in (("ours", 0.7), ("without_soft", 0.6), ("else", 0.7))
    ]
    reported(runs, tmp_path / "out", with_paper=True, reference="ours")
    table = markdown_tables((tmp_path / "out/report.md").read_text())["Averages over layers, less ours"]
    assert table[0] == ["encoder", "ava", "aadb", "paper: ava", "paper: aadb"]
    soft, other = table[2:]
    assert [cell.split()[0] for cell in soft[:3]] == ["without_soft", "-10.0", "-10.0"]
    assert soft[3:] == ["loses ~ 0.4", "loses 0.5 ~ 0.8"] and other[3:] == ["–", "–"]
    found = lines(tmp_path / "out/tables/averages.csv")
    assert [(row["dataset"], row["encoder"], row["paper_loses"]) for row in found] == [
        ("ava", "without_soft", "~ 0.4"),
        ("aadb", "without_soft", "0.5 ~ 0.8"),
        ("ava", "else", ""),
        ("aadb", "else", ""),
    ]
    assert {float(row["difference"]) for row in found if row["encoder"] == "without_soft"} == {-10}
    words = Page((tmp_path / "out/report.html").read_text()).words
    assert "0.5 ~ 0.8" in words and "the paper's, aadb" in words
    reported(runs[:2], tmp_path / "without", reference="ours")
    assert not (tmp_path / "without/tables/averages.csv").exists()  # one set: nothing to put side by side


def scorer_run(folder: Path, encoder: str, dataset: str, right: int) -> Path:
    """A run as `adapt` leaves it: 40 photos tested once, so many of them rightly."""
    folder.mkdir()
    facts = {
        "encoder": {"name": encoder, "fingerprint": f"f-{encoder}", "spec": f"models/{encoder}"},
        "dataset": {"name": dataset, "photos": 40, "fingerprint": "d", "scored": True},
        "protocol": "train and test split",
    }
    (folder / "adapt.json").write_text(json.dumps(facts))
    (folder / "flags.cfg").write_text("--target=binary\n--pooling=vissl\n--blocks=embedding\n")
    row = dict.fromkeys(SCORER_COLUMNS, "0.5") | {"encoder": encoder, "dataset": dataset, "target": "binary"}
    row |= {"repeat": "0", "fold": "0", "accuracy": str(right / 40)}
    with open(folder / "results.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, SCORER_COLUMNS)
        writer.writeheader()
        writer.writerow(row)
    labels = (np.arange(40) % 2).astype(np.int8)
    hit = np.where(np.arange(40) < right, labels, 1 - labels)
    np.savez(
        folder / "predictions.npz",
        **{"ids": np.arange(40).astype(str), "groups": np.array([""] * 40), "labels/0": labels},
        **{"folds/0": np.zeros(40, np.int16), "score/0": np.where(hit, 0.9, 0.1).astype(np.float32)},
    )
    return folder


def test_scorers_make_a_table_of_one_column_a_data_set_beside_the_papers(tmp_path):
    runs = [
        scorer_run(tmp_path / f"{name}-{dataset}", f"{name}-seed0", dataset, right)
        for name, right in (("ours", 30), ("ours_resnet18", 34))
        for dataset in ("ava", "cuhkpq")
    ]
    reported(runs, tmp_path / "out", with_paper=True, pool_seeds=True, reference="ours")
    text = (tmp_path / "out/report.md").read_text()
    table = markdown_tables(text)["All data sets"]
    assert table[0] == ["encoder", "ava adapted", "cuhkpq adapted"]
    rows = {row[0]: row[1:] for row in table[2:]}
    assert rows["ours"] == ["<ins>75.0</ins>"] * 2 and rows["ours_resnet18"] == ["**85.0**"] * 2
    assert rows["paper: + non-linear layers (ResNet-18)"] == ["82.8", "88.5"]
    assert rows["paper: NIMA (Inception)"] == ["81.5", "–"]
    assert text.startswith("# Non-linear heads on 2 encoders on 2 data sets")
    assert "ours_resnet18 has the best accuracy, 85.0%; +10.0 points against ours" in text
    assert "python -m aesthkeras.adapt --target=binary" in text and "Table 2: AVA" not in text
    assert "a non-linear head on an encoder" in (tmp_path / "out/report.html").read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("adapt.json", '"protocol"', '"else"', "adapt.json: expected 'protocol' to be a text"),
        ("results.csv", "fold", "bend", "expected the column fold"),
        ("results.csv", ",ava,", ",aadb,", "expected dataset 'ava'"),
    ],
)
def test_a_scorers_damaged_file_is_named(tmp_path, file, old, new, line):
    run = scorer_run(tmp_path / "run", "ours", "ava", 30)
    (run / file).write_text((run / file).read_text().replace(old, new))
    with pytest.raises(UsageError, match=re.escape(line)):
        read_probe_run(str(run))
