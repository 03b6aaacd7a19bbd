"""ImageNet, Places and any other tree with a folder per class.

Layouts: `train/CLASS/*` with `val/CLASS/*` (ImageNet as torchvision and Caffe users arrange it, Places365
"easy" format), or `CLASS/*` alone. A class may lie deeper, as Places' `a/airfield` and `f/field/wild` do.
"""

from __future__ import annotations

import os

from aesthkeras import storage
from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.listing import printable, relative, require_folder
from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.photos.skipped import Skipped
from aesthkeras.photos.sources import find_photos

LAYOUT = "a tree train/CLASS/PHOTO with val/CLASS/PHOTO, or CLASS/PHOTO"
SPLIT_FOLDERS = {
    "train": "train",
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    "test": "test",
}


def read(data_dir: str, settings: DatasetSettings, name: str = "imagenet") -> DataSet:
    """The photos of a class tree, labelled by their folder.

    Ids are paths relative to `data_dir`; classes are the folders' names in order. `val` and `valid` are
    the split `validation`. A folder `test` whose photos lie in no class folder has no labels and is left
    alone, as ImageNet's is.

    Args:
        data_dir: the root of the tree.
        settings: split only: there are no scores. A tree without split folders has no split of its own.
        name: of the data set.

    Raises:
        UsageError: photos outside class folders, a validation class that is not trained, or one class only.
    """
    require_folder(data_dir, LAYOUT)
    split_folders = [folder for folder in SPLIT_FOLDERS if storage.is_folder(os.path.join(data_dir, folder))]
    if split_folders and "train" not in split_folders:
        raise UsageError(f"data_dir={data_dir}: has {split_folders[0]}/, but no train/; expected {LAYOUT}")
    records: list[Record] = []
    names: dict[str, int] = {}
    seen_in: dict[str, set[str]] = {}
    skipped = Skipped()
    for folder in split_folders or [""]:
        inner = os.path.join(data_dir, folder) if folder else data_dir
        split = SPLIT_FOLDERS.get(folder, "")
        for path in find_photos(inner, skipped=skipped):
            class_ = relative(path, inner).rpartition("/")[0]
            if not class_ and split == "test":
                continue
            if not class_:
                raise UsageError(f"{path}: lies in no class folder; expected {LAYOUT}")
            label = names.setdefault(class_, len(names))
            seen_in.setdefault(split, set()).add(class_)
            records.append(Record(printable(relative(path, data_dir)), path, split, label=label))
    skipped.say(f"data_dir={data_dir}")
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
    return sorted(names)


def _class_number(record: Record) -> str:
    return f"{record.label:08d}"
