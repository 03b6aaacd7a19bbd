"""AVA: 255,530 photos of dpchallenge.com with all their ratings (Murray, Marchesotti, Perronnin 2012).

Layout as published: `AVA.txt`, `images/ID.jpg`, `aesthetics_image_lists/generic_test.jpgl`. Mirrors keep
lists and photos in folders of other names (`AVA_Files/` beside `images/`, `AVA_dataset/` with `image/` or
`images/images/`), so each is looked for. A line of AVA.txt is, by the set's README: index, image id, counts
of the ratings 1 to 10, two semantic tags (0 is none), and the challenge. The test list is an image id a line.
"""

from __future__ import annotations

import os

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.listing import (
    Folders,
    count,
    lines,
    quoted,
    require_folder,
    require_most,
)
from aesthkeras.datasets.record import DataSet, Record, rated_set
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError

RATINGS = "AVA.txt"
TEST_LIST = "aesthetics_image_lists/generic_test.jpgl"
IMAGE_FOLDERS = ("images", "image")  # taken before others: a mirror may hold smaller copies beside them
LAYOUT = f"the folder of AVA with {RATINGS}, images/ and {TEST_LIST}"
FIELDS = 15
SCORE_RANGE = (1.0, 10.0)
THRESHOLD = "5.0"


def read(data_dir: str, settings: DatasetSettings, name: str = "ava") -> DataSet:
    """AVA with mean ratings, rating counts, and label 1 at a mean of 5.0 or more.

    Listed photos without a file are left out, and so are ids of the test list that AVA.txt does not rate:
    the published list names 20,000, of which 19,930 are usable.

    Args:
        data_dir: a folder that holds AVA.txt, the photos and the test list, itself or in folders below it.
        settings: split, threshold, margin; the test list is needed for `split=own` alone.
        name: of the data set.

    Raises:
        UsageError: a file of the layout is missing, a line is malformed, an id occurs twice, or fewer than
            half of the listed photos exist.
    """
    require_folder(data_dir, LAYOUT)
    folders = Folders()
    ratings = folders.search(data_dir, RATINGS)
    if ratings is None:
        raise UsageError(f"{os.path.join(data_dir, RATINGS)}: no such file; expected {LAYOUT}")
    test_list = folders.search(data_dir, os.path.basename(TEST_LIST))
    if test_list is None and settings.split == "own":
        missing = os.path.join(os.path.dirname(ratings), TEST_LIST)
        raise UsageError(f"{missing}: no such file; expected {LAYOUT}, or another split, as split=random")
    test_ids = _test_ids(test_list) if test_list else set()
    rated = [_rated(line, f"{ratings}:{number}") for number, line in lines(ratings, LAYOUT)]
    if not rated:
        raise UsageError(f"{ratings}: is empty; expected a line of {FIELDS} numbers per photo")
    images = _image_folder(data_dir, {id_ for id_, _ in rated}, folders)
    records: list[Record] = []
    left_out: list[tuple[str, str, str]] = []
    for id_, counts in rated:
        file_name = os.path.join(images, f"{id_}.jpg")
        path = folders.find(file_name)
        if path is None:
            left_out.append((id_, file_name, "listed, but there is no such file"))
            continue
        mean = sum(rating * count_ for rating, count_ in enumerate(counts, 1)) / sum(counts)
        records.append(Record(id_, path, "test" if id_ in test_ids else "train", mean, counts))
    require_most(len(records), len(records) + len(left_out), ratings, images)
    for id_ in sorted(test_ids - {id_ for id_, _ in rated}):
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
        raise UsageError(f"{where}: image {quoted(fields[1])} has no rating; expected one or more")
    return fields[1], counts


def _test_ids(path: str) -> set[str]:
    ids = set()
    for number, line in lines(path, LAYOUT):
        id_ = line.strip()
        if not id_.isdigit():
            raise UsageError(f"{path}:{number}: expected one image id a line, found '{quoted(id_)}'")
        ids.add(id_)
    if not ids:
        raise UsageError(f"{path}: is empty; expected one image id a line")
    return ids


def _image_folder(data_dir: str, listed: set[str], folders: Folders) -> str:
    """The first folder with at least half of the listed photos; where none has, that with most of them."""
    best, most = "", 0
    below = folders.below(data_dir)
    for place in sorted(below, key=lambda place: os.path.basename(place).lower() not in IMAGE_FOLDERS):
        stems = {name[:-4] for name in folders.names(place) if name.lower().endswith(".jpg")}
        found = len(stems & listed)
        if found * 2 >= len(listed) > 0:
            return place
        if found > most:
            best, most = place, found
    if not best:
        raise UsageError(f"data_dir={data_dir}: expected photos as {os.path.join(data_dir, 'images')}/ID.jpg")
    return best
