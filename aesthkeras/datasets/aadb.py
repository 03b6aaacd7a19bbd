"""AADB: 10,000 Flickr photos with mean aesthetic scores (Kong, Shen, Lin, Mech, Fowlkes 2016).

Layout as published: `imgListFiles_label/` with the lists, a line "name score" per photo, and the photos in
original size or warped to 256 x 256, in either case with the new test photos in an archive of their own,
whose names may begin with the score: `0.500_farm1_487_....jpg` is listed as `farm1_487_....jpg`.
"""

from __future__ import annotations

import os
import re

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.listing import (
    Folders,
    lines,
    quoted,
    require_file,
    require_folder,
    require_most,
    score_in_range,
)
from aesthkeras.datasets.record import DataSet, Record, rated_set
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError

LISTS = {
    "train": "imgListTrainRegression_score.txt",
    "validation": "imgListValidationRegression_score.txt",
    "test": "imgListTestNewRegression_score.txt",  # the older imgListTestRegression is not what papers use
}
# Original and warped photos are never mixed, or their sizes would tell training photos from test photos.
IMAGE_FOLDERS = (
    ("datasetImages_originalSize", "AADB_newtest_originalSize"),
    ("datasetImages_warp256", "AADB_newtest"),
    ("datasetImages",),
)
LAYOUT = f"the folder of AADB with imgListFiles_label/{LISTS['train']} and {IMAGE_FOLDERS[0][0]}/"
SCORE_PREFIX = re.compile(r"[01]\.\d+_(?=.)")
SCORE_RANGE = (0.0, 1.0)
THRESHOLD = "0.5"


def read(data_dir: str, settings: DatasetSettings, name: str = "aadb") -> DataSet:
    """AADB with scores in [0, 1], the split of its three lists, and label 1 at a score of 0.5 or more.

    Photos in original size are taken where there are any, otherwise the warped ones. Ids are the names in
    the lists; listed photos without a file are left out.

    Args:
        data_dir: a folder that holds the lists and the photos' folders, itself or in folders below it.
        settings: split, threshold, margin.
        name: of the data set.

    Raises:
        UsageError: a list or all photos are missing, a line is malformed, a name occurs twice, a score is
            outside [0, 1], or fewer than half of the listed photos exist.
    """
    require_folder(data_dir, LAYOUT)
    folders = Folders()
    found = folders.search(data_dir, LISTS["train"])
    lists = os.path.dirname(found) if found else data_dir
    for list_name in LISTS.values():
        require_file(os.path.join(lists, list_name), LAYOUT)
    places = _image_folders(data_dir, folders)
    prefixed = _without_score(places, folders)
    records: list[Record] = []
    left_out: list[tuple[str, str, str]] = []
    for split, list_name in LISTS.items():
        for name_, score in _scores(os.path.join(lists, list_name)):
            named = (folders.find(os.path.join(place, name_)) for place in places)
            path = next((path for path in named if path), prefixed.get(name_))
            if path is None:
                missing = os.path.join(places[0], name_)
                left_out.append((name_, missing, f"in {list_name}, but there is no such file"))
            else:
                records.append(Record(name_, path, split, score))
    require_most(len(records), len(records) + len(left_out), lists, ", ".join(places))
    data_set = rated_set(name, records, left_out, SCORE_RANGE, THRESHOLD)
    return assemble(data_set, settings, lists)


def _scores(path: str) -> list[tuple[str, float]]:
    scores = []
    for number, line in lines(path, LAYOUT):
        name, _, score = line.strip().replace("\t", " ").rpartition(" ")  # names may hold spaces
        if not name.strip():
            raise UsageError(f"{path}:{number}: expected 'name score', found '{quoted(line)}'")
        scores.append((name.strip(), score_in_range(score, *SCORE_RANGE, f"{path}:{number}")))
    if not scores:
        raise UsageError(f"{path}: is empty; expected a line 'name score' per photo")
    return scores


def _image_folders(data_dir: str, folders: Folders) -> list[str]:
    for family in IMAGE_FOLDERS:
        # some archives unpack to a folder inside a folder of the same name
        below = folders.below(data_dir)
        places = [
            place for name in family for place in below if os.path.basename(place).lower() == name.lower()
        ]
        if places:
            return places
    names = ", ".join(f"{family[0]}/" for family in IMAGE_FOLDERS)
    raise UsageError(f"data_dir={data_dir}: expected the photos of AADB in one of {names}")


def _without_score(places: list[str], folders: Folders) -> dict[str, str]:
    """Paths of the files whose names begin with a score, by the rest of the name."""
    prefixed = {}
    for place in places:
        for name in sorted(folders.names(place)):
            prefix = SCORE_PREFIX.match(name)
            if prefix:
                prefixed[name[prefix.end() :]] = os.path.join(place, name)
    return prefixed
