"""What a run on labelled photos finds out, checks and writes down before it trains."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from aesthkeras.datasets.find import title_of
from aesthkeras.errors import UsageError
from aesthkeras.labelled.protocols import LabelledPhotos
from aesthkeras.labelled.settings import FoldSettings, LabelledRunSettings
from aesthkeras.networks.find import FoundEncoder
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.quarantine import write_quarantine
from aesthkeras.training.run_folder import RunFolder


def readable_photos(
    photos: LabelledPhotos, run: RunFolder, resize: int, cache: str
) -> tuple[LabelledPhotos, PhotoSet]:
    """Leaves out what cannot be decoded; both results have the same photos in the same order, by path."""
    photos = photos.subset(sorted(range(len(photos.paths)), key=photos.paths.__getitem__))
    photo_set = inspect_photos(photos.paths, str(run.path), edge=resize, cache=cache)
    readable = set(photo_set.paths)
    kept = [index for index, path in enumerate(photos.paths) if path in readable]
    return photos.subset(kept), photo_set


def list_left_out(quarantine: Path, left_out: list[tuple[str, str, str]]) -> None:
    """Adds to quarantine.csv what the set lists and cannot give: labels of photos that are not there."""
    with open(quarantine, encoding="utf-8", errors="surrogateescape", newline="") as lines:
        rows = {row["path"]: row["reason"] for row in csv.DictReader(lines)}
    rows.update({path: reason for _, path, reason in left_out})
    write_quarantine(str(quarantine), rows.items())


def describe_inputs(
    encoder: FoundEncoder,
    photos: LabelledPhotos,
    photo_set: PhotoSet,
    places: LabelledRunSettings,
    recipe: FoldSettings,
    cross_validated: bool,
) -> dict[str, Any]:
    """What the run's description says of encoder, data set and protocol."""
    name = title_of(places.dataset, places.data_dir)
    grouped = " grouped" if len(set(photos.keys)) < len(photos.keys) else ""
    folds = f"{recipe.folds}-fold{grouped} cross-validation x {recipe.repeats}, seed {recipe.seed}"
    return {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint, "spec": encoder.spec},
        "dataset": {
            "name": name,
            "photos": len(photos.ids),
            "fingerprint": data_fingerprint(photos, photo_set),
            "scored": photos.scores is not None,
        },
        "protocol": folds if cross_validated else "train and test split",
    }


def data_fingerprint(photos: LabelledPhotos, photo_set: PhotoSet) -> str:
    """SHA-256 over photos, labels, scores, rating counts, groups and splits, in hexadecimal."""
    digest = hashlib.sha256(photo_set.fingerprint.encode())
    for values in (photos.scores, photos.labels, photos.counts):
        digest.update(b"none" if values is None else values.tobytes())
    for texts in (photos.ids, photos.keys, photos.splits):
        digest.update("\0".join(texts).encode(errors="surrogateescape"))
    return digest.hexdigest()


def refuse_other_inputs(path: Path, description: dict[str, Any]) -> None:
    """Raises `UsageError` if the run began with another encoder or other labels: rows would not mix."""
    if not path.exists():
        return
    earlier = json.loads(path.read_text())
    for flag, part in (("encoder", "encoder"), ("data_dir", "dataset")):
        if earlier[part]["fingerprint"] != description[part]["fingerprint"]:
            raise UsageError(
                f"{flag}: {path} is of {earlier[part]['name']} as it was when the run began; it has "
                "changed since, or is another; give another run_dir"
            )


def say_what_was_left_out(run: RunFolder) -> None:
    """One line on stderr where quarantine.csv lists some."""
    with open(run.quarantine, encoding="utf-8", errors="surrogateescape", newline="") as lines:
        refused = sum(1 for _ in csv.DictReader(lines))
    if refused:
        say(f"{refused} photos could not be used and are listed in {run.quarantine}")


def say(line: str) -> None:
    """One line on stderr."""
    print(f"aesthkeras: {line}", file=sys.stderr)
