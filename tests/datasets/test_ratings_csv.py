from __future__ import annotations

import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings

SHARED = Path(__file__).parents[3] / "shared" / "data"


def read(folder, **settings):
    return read_dataset("csv", str(folder), DatasetSettings(**settings))


def by_id(data_set, *fields):
    return {r.id: tuple(getattr(r, field) for field in fields) for r in data_set.records}


SCORES = """path,score,split
1.jpg,1,train
2.jpg,2,train
3.jpg,4,train
4.jpg,8,train
5.jpg,2.9,test
6.jpg,3,test
"""


def test_median_of_the_training_part_is_the_threshold(write):
    data_set = read(write(SCORES))  # (2 + 4) / 2 = 3; with the test photos it would be 2.95
    assert by_id(data_set, "split", "label") == {
        "1.jpg": ("train", 0),
        "2.jpg": ("train", 0),
        "3.jpg": ("train", 1),
        "4.jpg": ("train", 1),
        "5.jpg": ("test", 0),
        "6.jpg": ("test", 1),
    }
    assert data_set.classes == ("low", "high") and data_set.score_range == (1.0, 8.0)


def test_threshold_may_be_a_number_and_the_range_what_is_said(write):
    data_set = read(write(SCORES), threshold="8", score_range="0:10")
    assert [record.label for record in data_set.records] == [0, 0, 0, 1, 0, 0]
    assert data_set.score_range == (0.0, 10.0)


def test_margin_spares_the_test_part(write):
    data_set = read(write(SCORES), margin=1.0)  # around 3: exactly one away is not ambiguous
    assert len(data_set.records) == 6
    data_set = read(write(SCORES), margin=1.1)
    assert [record.id for record in data_set.records] == ["1.jpg", "4.jpg", "5.jpg", "6.jpg"]
    assert [id_ for id_, _, _ in data_set.left_out] == ["2.jpg", "3.jpg"]


def test_counts_alone_give_the_mean_as_score(write):
    rows = ["path,c1,c2,c3,c4,c5", "1.jpg,1,0,0,0,3", "2.jpg,0,2,0,0,0", "3.jpg,,,1,1,", "4.jpg,0,0,0,0,0"]
    data_set = read(write("\n".join(rows)), test_share=0.0)
    assert by_id(data_set, "score", "counts", "label") == {
        "1.jpg": (4.0, (1, 0, 0, 0, 3), 1),
        "2.jpg": (2.0, (0, 2, 0, 0, 0), 0),
        "3.jpg": (3.5, (0, 0, 1, 1, 0), 1),  # the median of 2, 3.5, 4
    }
    assert data_set.score_range == (1.0, 5.0)
    assert [(id_, reason) for id_, _, reason in data_set.left_out] == [("4.jpg", "no score")]


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        ("1 0 1", ("low", "high"), [1, 0, 1]),
        ("High low HIGH", ("low", "high"), [1, 0, 1]),
        ("high low high", ("low", "high"), [1, 0, 1]),
        ("good bad good", ("bad", "good"), [1, 0, 1]),
        ("10 9 2", ("2", "9", "10"), [2, 1, 0]),
        ("+1 -1 +1", ("-1", "+1"), [1, 0, 1]),
        ("1.0 0.0 1", ("low", "high"), [1, 0, 1]),
        ("² 1 2", ("1", "2", "²"), [2, 0, 1]),  # a digit to Python, and no number
        ("sea garden sea", ("garden", "sea"), [1, 0, 1]),
    ],
)
def test_labels_are_classes_by_name(write, labels, classes, expected):
    rows = [f"{number}.jpg,{label}" for number, label in enumerate(labels.split(), 1)]
    data_set = read(write("path,label\n" + "\n".join(rows)))
    assert data_set.classes == classes and [record.label for record in data_set.records] == expected


def test_a_label_column_goes_before_scores(write, refusal):
    folder = write("path,label,score\n1.jpg,0,9\n2.jpg,1,1\n3.jpg,,5\n")
    data_set = read(folder)
    assert by_id(data_set, "label", "score") == {"1.jpg": (0, 9.0), "2.jpg": (1, 1.0)}
    assert [(id_, reason) for id_, _, reason in data_set.left_out] == [("3.jpg", "no label")]
    assert "threshold=5: expected none" in refusal("csv", folder, threshold="5")


def grouped(tmp_path, plant, column):
    rows = [
        f"{theme}_{number}.jpg,{theme * number % 7},t{theme}" for theme in range(30) for number in range(4)
    ]
    for row in rows:
        plant(tmp_path / row.partition(",")[0])
    (tmp_path / "labels.csv").write_text(f"path,score,{column}\n" + "\n".join(rows))
    return tmp_path


def straddling(data_set):
    sides = {}
    for record in data_set.records:
        sides.setdefault(record.id.partition("_")[0], set()).add(record.split)
    return [theme for theme, splits in sides.items() if len(splits) > 1]


@pytest.mark.parametrize("column", ["group", "theme", "Scene"])
@pytest.mark.parametrize("split", ["own", "half", "fold2"])
def test_groups_stay_on_one_side(tmp_path, plant, column, split):
    folder = grouped(tmp_path, plant, column)
    chosen = {} if column != "Scene" else {"group_column": "scene"}
    data_set = read(folder, split=split, validation_share=0.2, **chosen)
    assert straddling(data_set) == [] and {r.group for r in data_set.records} == {f"t{n}" for n in range(30)}
    assert {record.split for record in data_set.records} == {"train", "validation", "test"}


def test_groups_can_be_dropped(tmp_path, plant):
    data_set = read(grouped(tmp_path, plant, "theme"), split="half", group_column="none")
    assert straddling(data_set) and {record.group for record in data_set.records} == {""}
    assert Counter(record.split for record in data_set.records) == {"train": 60, "test": 60}


def test_a_split_column_that_cuts_a_group_is_refused(write, refusal):
    text = "path,score,split,theme\n1.jpg,1,train,dog\n2.jpg,2,train,sea\n3.jpg,3,test,dog\n"
    line = refusal("csv", write(text))
    assert "the group 'dog' is in train and test" in line and "group_column=none" in line
    assert len(read(write(text), group_column="none").records) == 3


def test_what_windows_and_spreadsheets_do_to_a_file(tmp_path, plant):
    for name in ("my photos/Écrin 1.jpg", "my photos/b.jpg", 'say "hi".jpg'):
        plant(tmp_path / name)
    rows = ["Path;Score ", "my photos\\Écrin 1.jpg;1", "", "./my photos/b.jpg; 2", '"say ""hi"".jpg";3', ""]
    (tmp_path / "labels.csv").write_bytes("\r\n".join(rows).encode("utf-8-sig"))
    data_set = read(tmp_path, test_share=0.0)
    assert by_id(data_set, "score") == {
        "my photos/b.jpg": (2.0,),
        "my photos/Écrin 1.jpg": (1.0,),
        'say "hi".jpg': (3.0,),
    }
    assert all(os.path.isfile(record.path) for record in data_set.records)


def test_spreadsheets_write_whole_numbers_as_floats_and_rows_of_commas(write):
    data_set = read(write("path,c1,c2,c3\n1.jpg,1.0,2.0,\n2.jpg,0.0,0,9.0\n,,,\n , ,,\n"), test_share=0.0)
    assert by_id(data_set, "counts") == {"1.jpg": ((1, 2, 0),), "2.jpg": ((0, 0, 9),)}


def test_ratings_may_begin_at_0(write):
    data_set = read(write("path,c0,c1,c2\n1.jpg,3,0,1\n2.jpg,0,0,5\n3.jpg,1,1,1\n"), test_share=0.0)
    assert by_id(data_set, "score") == {"1.jpg": (0.5,), "2.jpg": (2.0,), "3.jpg": (1.0,)}
    assert data_set.score_range == (0.0, 2.0)


def test_rating_counts_may_have_leading_zeros_and_any_order(write):
    data_set = read(write("C02,path,c 3,c01\n0,1.jpg,4,1\n2,2.jpg,0,0\n"), test_share=0.0)
    assert by_id(data_set, "counts") == {"1.jpg": ((1, 0, 4),), "2.jpg": ((0, 2, 0),)}


@pytest.mark.parametrize("spelling", ["./1.jpg", "{folder}/1.jpg", "{link}/1.jpg", "1.JPG", "no/../1.jpg"])
def test_one_photo_under_two_spellings_is_named_with_its_row(write, refusal, tmp_path_factory, spelling):
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    folder = write("")
    link.symlink_to(folder)
    written = spelling.format(folder=folder, link=link)
    write(f"path,score\n1.jpg,1\n2.jpg,3\n{written},2\n")
    line = refusal("csv", folder)
    assert f"labels.csv:4: {written} occurs more than once: an earlier row names the same file" in line


def test_header_and_rows_are_read_by_one_rule(write):
    rows = [
        '"score, mean of 5"; "path";"notes; split"; Score',
        'x;"1.jpg";"a; b";1',
        "x; 2.jpg;;2",
        'x;3.jpg;"two',
        'lines";3',
    ]
    data_set = read(write("\n".join(rows)), test_share=0.0)
    assert by_id(data_set, "score") == {"1.jpg": (1.0,), "2.jpg": (2.0,), "3.jpg": (3.0,)}
    assert not data_set.has_own_split


def test_split_column_takes_the_usual_words(write):
    words = ["Train", "training", "VAL", "valid", "dev", "Testing"]
    rows = [f"{number}.jpg,{number % 2},{word}" for number, word in enumerate(words, 1)]
    data_set = read(write("path,label,split\n" + "\n".join(rows)))
    assert [record.split for record in data_set.records] == [*["train"] * 2, *["validation"] * 3, "test"]


def test_names_that_differ_in_case_or_accent_encoding_are_found(tmp_path, plant):
    plant(tmp_path / "A.JPG")
    plant(tmp_path / unicodedata.normalize("NFD", "écrin.jpg"))
    plant(tmp_path / "both.jpg")
    plant(tmp_path / "BOTH.jpg")
    (tmp_path / "labels.csv").write_text(
        "path,score\na.jpg,1\nécrin.jpg,2\nBoth.jpg,3\nboth.jpg,4\n", "utf-8"
    )
    data_set = read(tmp_path, test_share=0.0)
    assert [os.path.basename(record.path) for record in data_set.records][0] == "A.JPG"
    assert sorted(by_id(data_set)) == ["a.jpg", "both.jpg", "écrin.jpg"]
    assert [id_ for id_, _, _ in data_set.left_out] == ["Both.jpg"]  # two files could be meant


def test_missing_files_are_left_out_up_to_half(write):
    data_set = read(write("path,score\n1.jpg,1\n2.jpg,2\nno.jpg,3\n7/none.jpg,4\n"), test_share=0.0)
    assert {(id_, reason) for id_, _, reason in data_set.left_out} == {
        ("no.jpg", "listed, but there is no such file"),
        ("7/none.jpg", "listed, but there is no such file"),
    }


def test_a_group_column_that_is_not_there_is_named(write, refusal):
    line = refusal("csv", write(SCORES), group_column="scene")
    assert line.startswith("group_column=scene: no such column in") and "path, score, split" in line


def test_labels_csv_is_asked_for(tmp_path, refusal):
    assert f"{tmp_path}/labels.csv: no such file; expected a folder of photos with labels.csv" in refusal(
        "csv", tmp_path
    )


@pytest.mark.parametrize(("name", "size", "groups"), [("oasis", 428, 119), ("clive", 698, 1)])
def test_the_real_sets(name, size, groups):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip("needs ../shared/data")
    data_set = read(folder)
    assert len(data_set.records) == size and data_set.left_out == []
    train = [record.label for record in data_set.records if record.split == "train"]
    assert abs(sum(train) / len(train) - 0.5) < 0.01  # the median halves the training part
    assert abs(len(train) / size - 0.8) < 0.1
    assert len({record.group for record in data_set.records}) == groups
