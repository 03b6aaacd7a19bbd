"""CUHK-PQ: 17,690 photos of seven subjects, each of high or low quality (Luo, Wang, Tang 2011).

Layout as published: `PhotoQualityDataset/HighQuality/SUBJECT/*.jpg` and `LowQuality/SUBJECT/*.jpg`; mirrors
with the subject outside, `SUBJECT/HighQuality/*.jpg`, are read as well and give the same ids and splits.
"""

from __future__ import annotations

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.labelling import LOW_HIGH
from aesthkeras.datasets.listing import first_folder, relative, require_folder
from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.files import printable
from aesthkeras.photos.sources import find_photos

ROOT = "PhotoQualityDataset"
SUBJECTS = ("animal", "architecture", "human", "landscape", "night", "plant", "static")
QUALITIES = {"highquality": 1, "high": 1, "lowquality": 0, "low": 0}  # without case, spaces, '-' and '_'
LAYOUT = f"{ROOT}/ with HighQuality/ and LowQuality/, each with the subjects {', '.join(SUBJECTS)}"


def read(data_dir: str, settings: DatasetSettings, name: str = "cuhkpq") -> DataSet:
    """CUHK-PQ with label 1 for high quality.

    Ids are `SUBJECT/high/NAME` and `SUBJECT/low/NAME`. The set brings no split: `own` is the random half of
    the literature, drawn from `split_seed`; the two parts are equal in size to within one photo, and so is
    each subject and quality split between them. `fold1` to `fold5` split by five in the same way.

    Args:
        data_dir: `PhotoQualityDataset` or its parent.
        settings: split only: there are no scores.
        name: of the data set.

    Raises:
        UsageError: a subject or a quality has no photo.
    """
    require_folder(data_dir, LAYOUT)
    root = first_folder(data_dir, (ROOT,), "")
    records: list[Record] = []
    left_out: list[tuple[str, str, str]] = []
    for path in find_photos(root):
        name_ = relative(path, root)
        kind = _kind(name_.split("/"))
        if kind is None:
            left_out.append((printable(name_), path, "not in a folder of a subject and a quality"))
            continue
        subject, label, inner = kind
        id_ = f"{subject}/{LOW_HIGH[label]}/{printable(inner)}"
        records.append(Record(id_, path, label=label))
    _require_all(records, root)
    data_set = DataSet(name, records, LOW_HIGH, left_out, has_own_split=True)
    return assemble(data_set, settings, root, own_scheme="half", stratum=subject_and_quality)


def _kind(parts: list[str]) -> tuple[str, int, str] | None:
    """Subject, label and the rest of the path; None where the two outer folders have other names."""
    if len(parts) < 3:
        return None
    for subject, quality in (parts[:2], parts[1::-1]):
        label = QUALITIES.get(quality.lower().translate({ord(mark): None for mark in " -_"}))
        if subject.lower() in SUBJECTS and label is not None:
            return subject.lower(), label, "/".join(parts[2:])
    return None


def subject_and_quality(record: Record) -> str:
    """The stratum of a photo, by its id: its subject and its quality."""
    return "/".join(record.id.split("/", 2)[:2])


def _require_all(records: list[Record], root: str) -> None:
    found = {subject_and_quality(record) for record in records}
    wanted = [f"{subject}/{word}" for subject in SUBJECTS for word in LOW_HIGH]
    missing = [kind for kind in wanted if kind not in found]
    if missing:
        raise UsageError(f"data_dir={root}: no photo of {', '.join(missing)}; expected {LAYOUT}")
