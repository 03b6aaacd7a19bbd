from __future__ import annotations

import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings

# Image id -> rating counts; sum of rating x count over the number of ratings, worked out by hand.
COUNTS = {
    "953619": (0, 1, 5, 17, 38, 36, 15, 6, 5, 1),  # 699 / 124 = 5.637
    "953958": (10, 7, 15, 26, 26, 21, 10, 8, 1, 2),  # 592 / 126 = 4.698
    "954184": (0, 0, 0, 0, 9, 0, 0, 0, 0, 0),  # exactly 5
    "954113": (0, 0, 0, 1, 0, 1, 0, 0, 0, 0),  # 10 / 2 = 5 as well
    "953980": (0, 0, 0, 1, 3, 0, 0, 0, 0, 0),  # 19 / 4 = 4.75
    "953349": (0, 0, 0, 0, 0, 0, 1, 1, 0, 0),  # 7.5
    "12": (2, 2, 0, 0, 0, 0, 0, 0, 0, 0),  # 1.5
    "440774": (3, 0, 0, 0, 0, 0, 0, 0, 0, 1),  # 13 / 4 = 3.25; listed, its file is missing as in the download
}


def lines(counts):
    rows = enumerate(counts.items(), 1)
    return [f"{index} {id_} {' '.join(map(str, ratings))} 1 22 1396" for index, (id_, ratings) in rows]


@pytest.fixture
def root(tmp_path, plant):
    """AVA as published: test ids 953349, 953980 and one that AVA.txt does not rate."""
    for id_ in COUNTS:
        if id_ != "440774":
            plant(tmp_path / "images" / f"{id_}.jpg")
    (tmp_path / "AVA.txt").write_text("\n".join(lines(COUNTS)) + "\n")
    lists = tmp_path / "aesthetics_image_lists"
    lists.mkdir()
    (lists / "generic_test.jpgl").write_text("953349\n953980\n123\n")
    return tmp_path


def read(folder, **settings):
    return read_dataset("ava", str(folder), DatasetSettings(**settings))


def test_scores_labels_splits_and_what_is_left_out(root):
    data_set = read(root)
    found = {record.id: (record.split, record.label, round(record.score, 3)) for record in data_set.records}
    assert found == {
        "12": ("train", 0, 1.5),
        "953349": ("test", 1, 7.5),
        "953619": ("train", 1, 5.637),
        "953958": ("train", 0, 4.698),
        "953980": ("test", 0, 4.75),
        "954113": ("train", 1, 5.0),
        "954184": ("train", 1, 5.0),
    }
    assert list(found) == sorted(found)
    assert [(id_, reason) for id_, _, reason in data_set.left_out] == [
        ("440774", "listed, but there is no such file"),
        ("123", "in aesthetics_image_lists/generic_test.jpgl, but not in AVA.txt"),
    ]
    assert data_set.classes == ("low", "high") and data_set.score_range == (1.0, 10.0)
    assert data_set.has_own_split and data_set.own_threshold == "5.0"
    assert data_set.records[2].counts == COUNTS["953619"]
    assert data_set.records[2].path == str(root / "images" / "953619.jpg")


def test_margin_leaves_ambiguous_photos_out_of_training_only(root):
    data_set = read(root, margin=0.302)  # 4.698 is 0.3016 below 5
    assert {record.id for record in data_set.records if record.split == "test"} == {"953349", "953980"}
    ambiguous = {id_ for id_, _, reason in data_set.left_out if "less than 0.302 away from 5" in reason}
    assert ambiguous == {"953958", "954113", "954184"}
    assert "953958" in {record.id for record in read(root, margin=0.3015).records}


def test_threshold_is_a_number_or_the_median_of_the_training_part(root):
    assert [record.label for record in read(root, threshold="5.5").records] == [0, 1, 1, 0, 0, 0, 0]
    # training scores 1.5, 4.698, 5, 5, 5.637: the median is 5 whatever the test photos have
    by_median = read(root, threshold="median").records
    assert [record.label for record in by_median] == [record.label for record in read(root).records]


def test_validation_is_taken_from_the_training_part(root):
    splits = {record.id: record.split for record in read(root, validation_share=0.5, split_seed=2).records}
    assert {id_ for id_, split in splits.items() if split == "test"} == {"953349", "953980"}
    assert set(splits.values()) == {"train", "validation", "test"}


def test_windows_line_ends_a_mark_and_blank_lines_change_nothing(root):
    before = read(root)
    text = "\r\n".join(["", *lines(COUNTS), "", ""])
    (root / "AVA.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read(root) == before


def test_parent_folder_and_other_image_folders_are_found(root, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    root.rename(outer / "AVA_dataset")
    (outer / "AVA_dataset" / "images").rename(outer / "AVA_dataset" / "image")
    record = read(outer).records[0]
    assert record.path == str(outer / "AVA_dataset" / "image" / "12.jpg")


@pytest.mark.parametrize(
    ("lists", "photos"),
    [
        ("AVA_Files", "images"),  # Kaggle
        ("ava_downloader/AVA_dataset", "images/images"),  # GitHub's lists, the torrent's photos
        ("AVA_files", "AVADataset"),
        ("archive/AVA_Files", "archive/images"),
        ("AVA/data", "AVA/data/image"),
        ("", "AVA_dataset/images/all_images"),
    ],
)
def test_mirrors_are_found_whatever_they_call_their_folders(root, tmp_path_factory, lists, photos):
    outer = tmp_path_factory.mktemp("mirror")
    (outer / lists).mkdir(parents=True, exist_ok=True)
    (outer / photos).parent.mkdir(parents=True, exist_ok=True)
    (root / "images").rename(outer / photos)
    (root / "AVA.txt").rename(outer / lists / "AVA.txt")
    (root / "aesthetics_image_lists").rename(outer / lists / "aesthetics_image_lists")
    data_set = read(outer)
    assert data_set.records[0].path == str(outer / photos / "12.jpg") and len(data_set.records) == 7
    assert [record.id for record in data_set.records if record.split == "test"] == ["953349", "953980"]


def test_smaller_copies_beside_the_photos_are_not_taken_for_them(root, plant):
    for id_ in COUNTS:  # one more than images/ has
        plant(root / "256" / f"{id_}.jpg")
    assert {record.path.split("/")[-2] for record in read(root).records} == {"images"}


def test_another_split_needs_no_test_list(root, refusal):
    (root / "aesthetics_image_lists" / "generic_test.jpgl").unlink()
    assert "generic_test.jpgl: no such file" in refusal("ava", root) and "split=random" in refusal(
        "ava", root
    )
    assert {record.split for record in read(root, split="half").records} == {"train", "test"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("9 955 1 2 3", "AVA.txt:9: expected 15 numbers"),
        ("9 955.jpg 1 2 3 4 5 6 7 8 9 10 0 0 1", "AVA.txt:9: expected 15 numbers"),
        ("9 955 1 2 3 4 5 6 7 8 9 -1 0 0 1", "AVA.txt:9: rating count '-1' is not a whole number"),
        ("9 955 0 0 0 0 0 0 0 0 0 0 0 0 1", "AVA.txt:9: image 955 has no rating"),
        ("9 953349 1 2 3 4 5 6 7 8 9 1 0 0 1", "AVA.txt: 953349 occurs more than once"),
    ],
)
def test_a_wrong_line_is_named(root, refusal, line, expected):
    (root / "AVA.txt").write_text("\n".join([*lines(COUNTS), line]))
    assert expected in refusal("ava", root)


def test_missing_parts_are_named(root, refusal):
    (root / "aesthetics_image_lists" / "generic_test.jpgl").rename(root / "elsewhere")
    assert "generic_test.jpgl: no such file; expected the folder of AVA with AVA.txt" in refusal("ava", root)
    (root / "AVA.txt").unlink()
    assert refusal("ava", root).startswith(f"{root}/AVA.txt: no such file; expected")
    assert refusal("ava", root / "nowhere").startswith(f"data_dir={root}/nowhere: no such folder; expected")
    assert ": is a file; expected the folder of AVA" in refusal("ava", root / "elsewhere")


def test_a_list_far_longer_than_the_download_names_both_numbers(root, refusal):
    for id_ in ("12", "953349", "953619", "953958"):
        (root / "images" / f"{id_}.jpg").unlink()
    assert "lists 8 photos, 3 of them exist under" in refusal("ava", root)
    for id_ in ("954184", "954113", "953980"):
        (root / "images" / f"{id_}.jpg").rename(root / "images" / f"{id_}.txt")
    assert f"expected photos as {root}/images/ID.jpg" in refusal("ava", root)
    (root / "AVA.txt").write_text("\n")
    assert "AVA.txt: is empty; expected a line of 15 numbers" in refusal("ava", root)


def test_a_malformed_test_list_is_named(root, refusal):
    test_list = root / "aesthetics_image_lists" / "generic_test.jpgl"
    test_list.write_text("953349\n953980.jpg\n")
    assert "generic_test.jpgl:2: expected one image id a line, found '953980.jpg'" in refusal("ava", root)
    test_list.write_text("\n")
    assert "generic_test.jpgl: is empty" in refusal("ava", root)


def test_one_class_only_is_refused(root, refusal):
    assert "the scores of all photos all lie below 9" in refusal("ava", root, threshold="9")
    # 7.5 is a test photo's: training would see the low class only
    assert "the scores of the training photos all lie below 7" in refusal("ava", root, threshold="7")
