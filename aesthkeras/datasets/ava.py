"""AVA: 255,530 photos of dpchallenge.com with all their ratings (Murray, Marchesotti, Perronnin 2012).

Layout as published: `AVA.txt`, `images/ID.jpg`, `aesthetics_image_lists/generic_test.jpgl`. A line of AVA.txt
is, by the set's README: index, image id, counts of the ratings 1 to 10, two semantic tags (0 is none), and
the challenge. The test list is an image id a line.
"""

from __future__ import annotations

import os

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.listing import (
    Folders,
    count,
    first_folder,
    lines,
    require_file,
    require_folder,
    require_most,
)
from aesthkeras.datasets.record import DataSet, Record, rated_set
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError

RATINGS = "AVA.txt"
TEST_LIST = "aesthetics_image_lists/generic_test.jpgl"
IMAGE_FOLDERS = ("images", "images/images", "image")  # as the archives of different mirrors unpack
LAYOUT = f"the folder of AVA with {RATINGS}, images/ and {TEST_LIST}"
FIELDS = 15
SCORE_RANGE = (1.0, 10.0)
THRESHOLD = "5.0"


def read(data_dir: str, settings: DatasetSettings, name: str = "ava") -> DataSet:
    """AVA with mean ratings, rating counts, and label 1 at a mean of 5.0 or more.

    Listed photos without a file are left out, and so are ids of the test list that AVA.txt does not rate:
    the published list names 20,000, of which 19,930 are usable.

    Args:
        data_dir: the folder with AVA.txt, or its parent where the folder is named `AVA_dataset`.
        settings: split, threshold, margin.
        name: of the data set.

    Raises:
        UsageError: a file of the layout is missing, a line is malformed, an id occurs twice, or fewer than
            half of the listed photos exist.
    """
    require_folder(data_dir, LAYOUT)
    root = first_folder(data_dir, ("", "AVA_dataset"), RATINGS)
    ratings = os.path.join(root, RATINGS)
    test_list = os.path.join(root, TEST_LIST)
    require_file(ratings, LAYOUT)
    require_file(test_list, LAYOUT)
    test_ids = _test_ids(test_list)
    folders = Folders()
    images = _image_folder(root, folders)
    records: list[Record] = []
    left_out: list[tuple[str, str, str]] = []
    listed = set()
    for number, line in lines(ratings, LAYOUT):
        id_, counts = _rated(line, f"{ratings}:{number}")
        listed.add(id_)
        file_name = os.path.join(images, f"{id_}.jpg")
        path = folders.find(file_name)
        if path is None:
            left_out.append((id_, file_name, "listed, but there is no such file"))
            continue
        mean = sum(rating * count_ for rating, count_ in enumerate(counts, 1)) / sum(counts)
        records.append(Record(id_, path, "test" if id_ in test_ids else "train", mean, counts))
    require_most(len(records), len(records) + len(left_out), ratings, images)
    for id_ in sorted(test_ids - listed):
        left_out.append((id_, os.path.join(images, f"{id_}.jpg"), f"in {TEST_LIST}, but not in {RATINGS}"))
    data_set = rated_set(name, records, left_out, SCORE_RANGE, THRESHOLD)
    return assemble(data_set, settings, ratings)


def _rated(line: str, where: str) -> tuple[str, tuple[int, ...]]:
    fields = line.split()
    if len(fields) != FIELDS or not fields[1].isdigit():
        raise UsageError(
            f"{where}: expected {FIELDS} numbers (index, image id, 10 rating counts, 2 tags, challenge)"
        )
    counts = tuple(count(field, where) for field in fields[2:12])
    if not any(counts):
        raise UsageError(f"{where}: image {fields[1]} has no rating; expected one or more")
    return fields[1], counts


def _test_ids(path: str) -> set[str]:
    ids = set()
    for number, line in lines(path, LAYOUT):
        id_ = line.strip()
        if not id_.isdigit():
            raise UsageError(f"{path}:{number}: expected one image id a line, found {id_[:40]!r}")
        ids.add(id_)
    if not ids:
        raise UsageError(f"{path}: is empty; expected one image id a line")
    return ids


def _image_folder(root: str, folders: Folders) -> str:
    for name in IMAGE_FOLDERS:
        folder = os.path.join(root, name)
        if any(entry.lower().endswith(".jpg") for entry in folders.names(folder)):
            return folder
    raise UsageError(f"data_dir={root}: expected photos as {root}/images/ID.jpg")
