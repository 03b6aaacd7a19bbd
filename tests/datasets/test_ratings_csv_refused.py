"""What is wrong with a labels.csv is said in one line that names it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "found the columns none; expected path and at least one of score, label, c1 to cK"),
        ("image,score\n1.jpg,1\n", "found the columns image, score; expected path"),
        ("path,rating\n1.jpg,1\n", "found the columns path, rating; expected path"),
        ("path,score,score\n1.jpg,1,2\n", "the column score occurs more than once"),
        ("path,score\n1.jpg,1\n2.jpg,1,5\n", "labels.csv:3: 3 fields; expected 2"),
        ("path,score\n1.jpg,1\n2.jpg,good\n", "labels.csv:3: score 'good' is not a number"),
        ("path,score\n1.jpg,1\n\n2.jpg,inf\n", "labels.csv:4: score 'inf' is not a number"),
        ("path,c1,c2,score\n1.jpg,1,1,2.5\n", "labels.csv:2: score 2.5 is outside the range from 1 to 2"),
        ("path,c1,c2\n1.jpg,1,1.5\n", "labels.csv:2: rating count c2 '1.5' is not a whole number"),
        (f"path,c1,c2\n1.jpg,1,{9:05000}\n2.jpg,{9:0<5000},1\n", "labels.csv:3: rating count c1 '9000"),
        ("path,c1,c2,c4\n1.jpg,1,1,1\n", "labels.csv: has the column c4, but no column c3; expected rating"),
        ("path,c0,c2\n1.jpg,1,1\n", "labels.csv: has the column c2, but no column c1; expected rating"),
        ("path,score,C7\n1.jpg,1,1\n", "labels.csv: has the column c7, but no column c1; expected rating"),
        ("path,c1,c2,c01\n1.jpg,1,1,1\n", "labels.csv: the columns c1 and c01 count one rating"),
        ("path,c1,c2,c2\n1.jpg,1,1,1\n", "labels.csv: the columns c2 and c2 count one rating"),
        ("path;score\n1.jpg;3,5\n", "labels.csv:2: score '3,5' is not a number; expected a decimal point"),
        ("path;c1;c2\n1.jpg;1;3,0\n", "labels.csv:2: rating count c2 '3,0' is not a whole number"),
        ("path,score\n1.jpg,3,5\n", "labels.csv:2: 3 fields; expected 2"),
        ("path,score\n1.jpg,75%\n", "labels.csv:2: score '75%' is not a number"),
        ("path,score\n1.jpg,1_000\n", "labels.csv:2: score '1_000' is not a number"),
        ("path,score\n1.jpg,1e300\n", "labels.csv:2: score 1e300 is outside the range"),
        ("path,score\n1.jpg,1\n2.jpg\0,2\n", "labels.csv:3: expected UTF-8 text"),
        (
            "path,score,split\n1.jpg,1,eval\n",
            "labels.csv:2: split 'eval'; expected one of train, training, val",
        ),
        ('path,label\n1.jpg,"good\n2.jpg,bad"\n', "labels.csv:2: a quoted field runs over the line's end"),
        ("path,label\n1.jpg,Good\n2.jpg,good\n3.jpg,bad\n", "the classes 'Good' and 'good' differ in their"),
        (
            "path,label\n1.jpg,1.0\n2.jpg,1\n3.jpg,2\n",
            "the classes '1' and '1.0' differ in their spelling only",
        ),
        ("path,score\n,1\n", "labels.csv:2: the path is empty"),
        ("path,score\n1.jpg,1\n./1.jpg,2\n", "1.jpg occurs more than once"),
        ("path,label\n1.jpg,1\n2.jpg,1\n", "the column label holds only '1'; expected two classes"),
        (
            "path,score\n1.jpg,2\n2.jpg,2\n",
            "threshold=median: the scores of all photos all lie at or",
        ),
        ('path,score\n"1.jpg,2\n2.jpg,2\n', "labels.csv:2: malformed row"),
        ('"path,score\n1.jpg,2\n', "labels.csv:1: malformed row"),
        (f"path,score,{'x' * 200_000}\n1.jpg,2,\n", "labels.csv:1: malformed row"),
        ("path,score\n1.jpg,2\nno.jpg,2\nnone.jpg,3\n", "lists 3 photos, 1 of them exist under"),
        ("path,score\n", "no photo is left"),
    ],
)
def test_a_wrong_file_is_named(write, refusal, text, expected):
    assert expected in refusal("csv", write(text))


def test_other_encodings_name_the_line(write, refusal):
    text = "path,score\n1.jpg,1\nécrin.jpg,2\n"
    assert "labels.csv:3: expected UTF-8 text" in refusal("csv", write(text, "latin-1"))
    assert "labels.csv:1: expected UTF-8 text" in refusal("csv", write(text, "utf-16"))
