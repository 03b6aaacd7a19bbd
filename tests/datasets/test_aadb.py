from __future__ import annotations

import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings

TRAIN = {
    "farm1_255_19854964118_c8a7a5a9cb_b.jpg": "0.75",
    "farm1_441_19470426814_baae1eb396_b.jpg": "0.5",
    "farm1_302_19829413358_d02f4d8e04_b.jpg": "0.4999",
}
VALIDATION = {"farm4_3845_14879478219_f1be0b4bf5_b.jpg": "0.25"}
TEST = {"farm1_487_20167490236_ae920475e2_b.jpg": "0.5", "farm9_8565_16604022086_95d2b5d13c_b.jpg": "0.1"}
LISTS = {"Train": TRAIN, "Validation": VALIDATION, "TestNew": TEST}


def write_lists(folder, lists=LISTS):
    folder.mkdir(parents=True, exist_ok=True)
    for part, scores in lists.items():
        text = "".join(f"{name} {score}\n" for name, score in scores.items())
        (folder / f"imgList{part}Regression_score.txt").write_text(text)


@pytest.fixture
def root(tmp_path, plant):
    """AADB in original size; the new test photos in their own archive, with the score before the name."""
    write_lists(tmp_path / "imgListFiles_label")
    (tmp_path / "imgListFiles_label" / "imgListTestRegression_score.txt").write_text("old_test.jpg 0.9\n")
    for name in (*TRAIN, *VALIDATION):
        plant(tmp_path / "datasetImages_originalSize" / name)
    for name, score in TEST.items():
        plant(tmp_path / "AADB_newtest_originalSize" / f"{float(score):.3f}_{name}")
    return tmp_path


def read(folder, **settings):
    return read_dataset("aadb", str(folder), DatasetSettings(**settings))


def by_id(data_set):
    return {record.id: (record.split, record.label, record.score) for record in data_set.records}


EXPECTED = {
    "farm1_255_19854964118_c8a7a5a9cb_b.jpg": ("train", 1, 0.75),
    "farm1_302_19829413358_d02f4d8e04_b.jpg": ("train", 0, 0.4999),
    "farm1_441_19470426814_baae1eb396_b.jpg": ("train", 1, 0.5),
    "farm1_487_20167490236_ae920475e2_b.jpg": ("test", 1, 0.5),
    "farm4_3845_14879478219_f1be0b4bf5_b.jpg": ("validation", 0, 0.25),
    "farm9_8565_16604022086_95d2b5d13c_b.jpg": ("test", 0, 0.1),
}


def test_three_lists_make_three_parts(root):
    data_set = read(root)
    assert by_id(data_set) == EXPECTED and data_set.left_out == []
    assert data_set.score_range == (0.0, 1.0) and data_set.classes == ("low", "high")
    paths = {record.id: record.path for record in data_set.records}
    scored = root / "AADB_newtest_originalSize" / "0.500_farm1_487_20167490236_ae920475e2_b.jpg"
    assert paths["farm1_487_20167490236_ae920475e2_b.jpg"] == str(scored)


def test_test_photos_may_lie_with_the_others_and_lists_beside_them(root, plant):
    for name in TEST:
        plant(root / "datasetImages_originalSize" / name)
    for path in (root / "AADB_newtest_originalSize").iterdir():
        path.unlink()
    for path in (root / "imgListFiles_label").iterdir():
        path.rename(root / path.name)
    assert by_id(read(root)) == EXPECTED


def test_warped_photos_serve_where_there_are_no_original_ones(root):
    (root / "datasetImages_originalSize").rename(root / "inner")
    (root / "datasetImages_warp256").mkdir()
    (root / "inner").rename(root / "datasetImages_warp256" / "datasetImages_warp256")  # a common mirror
    (root / "AADB_newtest_originalSize").rename(root / "AADB_newtest")
    data_set = read(root)
    assert by_id(data_set) == EXPECTED and all(
        "warp256" in r.path or "newtest" in r.path for r in data_set.records
    )


def test_sizes_are_not_mixed(root, plant):
    name = "farm1_302_19829413358_d02f4d8e04_b.jpg"
    (root / "datasetImages_originalSize" / name).unlink()
    plant(root / "datasetImages_warp256" / name)
    assert [(id_, reason) for id_, _, reason in read(root, threshold="0.6").left_out] == [
        (name, "in imgListTrainRegression_score.txt, but there is no such file")
    ]


def test_its_own_validation_part_stands(root, refusal):
    assert "validation_share=0.1: expected 0 for a set that brings its own" in refusal(
        "aadb", root, validation_share=0.1
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.jpg 1.01", "imgListTrainRegression_score.txt:4: score 1.01 is outside the range from 0 to 1"),
        ("a.jpg nan", "imgListTrainRegression_score.txt:4: score 'nan' is not a number"),
        ("a.jpg good", "imgListTrainRegression_score.txt:4: score 'good' is not a number"),
        ("a.jpg", "imgListTrainRegression_score.txt:4: expected 'name score', found 'a.jpg'"),
        ("farm4_3845_14879478219_f1be0b4bf5_b.jpg 0.2", "f1be0b4bf5_b.jpg occurs more than once"),
    ],
)
def test_a_wrong_line_is_named(root, refusal, line, expected):
    with open(root / "imgListFiles_label" / "imgListTrainRegression_score.txt", "a") as file:
        file.write(line + "\n")
    assert expected in refusal("aadb", root)


def test_missing_parts_are_named(root, refusal):
    (root / "datasetImages_originalSize").rename(root / "photos")
    (root / "AADB_newtest_originalSize").rename(root / "test")
    assert "expected the photos of AADB in one of datasetImages_originalSize/" in refusal("aadb", root)
    (root / "imgListFiles_label" / "imgListTestNewRegression_score.txt").unlink()
    assert "imgListTestNewRegression_score.txt: no such file; expected" in refusal("aadb", root)
