"""ImageNet, Places and any other tree with a folder per class.

Layouts: `train/CLASS/*` with `val/CLASS/*` (ImageNet as torchvision and Caffe users arrange it, Places365
"easy" format), or `CLASS/*` alone. A class may lie deeper, as Places' `a/airfield` and `f/field/wild` do. The
parts go by their usual names in any case (`Train/`, `training/`, `valid/`, `dev/`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.class_names import require_distinct
from aesthkeras.datasets.listing import Folders, relative, require_folder
from aesthkeras.datasets.record import DataSet, Record, split_named
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.files import printable
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.photos.skipped import Skipped
from aesthkeras.photos.sources import PHOTO_SUFFIXES, find_photos

LAYOUT = "a tree train/CLASS/PHOTO with val/CLASS/PHOTO, or CLASS/PHOTO"
FOLDERS_NAMED = 5  # folders that a line names, of those that are left alone


def read(data_dir: str, settings: DatasetSettings, name: str = "imagenet") -> DataSet:
    """The photos of a class tree, labelled by their folder.

    Ids are paths relative to `data_dir`; classes are the folders' names in order. What is left alone is said
    in one line each: photos in `test` that lie in no class folder, as ImageNet's do, for they have no labels;
    and what lies beside `train` and is no part of the set.

    Args:
        data_dir: the root of the tree.
        settings: split only: there are no scores. A tree without split folders has no split of its own.
        name: of the data set.

    Raises:
        UsageError: photos outside class folders, a validation class that is not trained, or one class only.
    """
    require_folder(data_dir, LAYOUT)
    split_folders = _split_folders(data_dir)
    records: list[Record] = []
    names: dict[str, int] = {}
    seen_in: dict[str, set[str]] = {}
    skipped, unlabelled = Skipped(), 0
    for folder, split in (split_folders or {"": ""}).items():
        inner = os.path.join(data_dir, folder) if folder else data_dir
        for path in find_photos(inner, skipped=skipped):
            class_ = relative(path, inner).rpartition("/")[0]
            if not class_ and split == "test":
                unlabelled += 1
                continue
            if not class_:
                raise UsageError(f"{path}: lies in no class folder; expected {LAYOUT}")
            label = names.setdefault(class_, len(names))
            seen_in.setdefault(split, set()).add(class_)
            records.append(Record(printable(relative(path, data_dir)), path, split, label=label))
    skipped.say(f"data_dir={data_dir}")
    if unlabelled:
        say(f"data_dir={data_dir}: {counted(unlabelled, 'test photo')} in no class folder are left alone")
    classes = _require_classes(names, seen_in, data_dir)
    order = {names[class_]: place for place, class_ in enumerate(classes)}
    for place, record in enumerate(records):
        records[place] = record._replace(label=order[record.label or 0])
    data_set = DataSet(
        name,
        records,
        tuple(printable(class_) for class_ in classes),
        left_out=[],
        has_own_split=bool(split_folders),
    )
    return assemble(data_set, settings, f"data_dir={data_dir}", stratum=_class_number)


def _split_folders(data_dir: str) -> dict[str, str]:
    """The folders that are parts of the set, and which; empty where the classes lie in `data_dir` itself."""
    folders = Folders()
    parts = {name: split_named(name) for name in folders.inner(data_dir)}
    found = {name: split for name, split in parts.items() if split}
    if not found:
        return {}
    if "train" not in found.values():
        raise UsageError(f"data_dir={data_dir}: has {next(iter(found))}/, but no train/; expected {LAYOUT}")
    others = [f"{printable(name)}/" for name, split in parts.items() if not split]
    photos = sum(name.lower().endswith(PHOTO_SUFFIXES) for name in folders.names(data_dir))
    beside = others[:FOLDERS_NAMED] + [f"{len(others) - FOLDERS_NAMED} more folders"] * (
        len(others) > FOLDERS_NAMED
    )
    beside += [counted(photos, "photo")] * (photos > 0)
    if beside:
        say(f"data_dir={data_dir}: left alone, for no part of a set is named so: {', '.join(beside)}")
    return found


def _require_classes(names: dict[str, int], seen_in: dict[str, set[str]], data_dir: str) -> list[str]:
    if len(names) < 2:
        raise UsageError(f"data_dir={data_dir}: found one class, {', '.join(names)}; expected {LAYOUT}")
    for split in ("validation", "test"):
        strange = sorted(seen_in.get(split, set()) - seen_in.get("train", set()))
        if strange:
            raise UsageError(
                f"data_dir={data_dir}: {len(strange)} classes of the {split} part are not in train/, "
                f"{strange[0]} for one; expected the same classes in both"
            )
    require_distinct(map(printable, names), f"data_dir={data_dir}")
    if not seen_in.get("train"):
        _refuse_deeper_parts(names, data_dir)
    return sorted(names)


def _refuse_deeper_parts(names: Iterable[str], data_dir: str) -> None:
    """Refuses `images/train/CLASS` beside `images/val/CLASS`, which would be every class twice."""
    parts: dict[str, set[str | None]] = {}
    for name in names:
        outer = name.split("/")
        for depth, folder in enumerate(outer):
            parts.setdefault(os.path.join(data_dir, *outer[:depth]), set()).add(split_named(folder))
    for place, splits in parts.items():
        if {"train"} < splits - {None}:
            raise UsageError(
                f"data_dir={data_dir}: the parts of the set are in {place}; expected data_dir={place}"
            )


def _class_number(record: Record) -> str:
    return f"{record.label:08d}"
