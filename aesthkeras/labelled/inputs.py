"""What a run is about to use: the photos that can be read, the list of those that cannot, a description."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from aesthkeras.datasets.find import title_of
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.description import DatasetFacts, EncoderFacts, RunDescription
from aesthkeras.labelled.protocols import LabelledPhotos, LabelledSet
from aesthkeras.labelled.settings import FoldSettings, LabelledRunSettings
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.quarantine import read_quarantine, write_quarantine
from aesthkeras.photos.shard_photos import shard_photos
from aesthkeras.training.run_folder import RunFolder


def readable_photos(
    labelled: LabelledSet, run: RunFolder, resize: int, settings: LabelledRunSettings
) -> tuple[LabelledPhotos, PhotoSet]:
    """Leaves out what cannot be decoded; both results have the same photos in the same order, by path.

    From shards `prepare` has left that out already, and the order is by id.
    """
    photos = labelled.photos
    photos = photos.subset(sorted(range(len(photos.paths)), key=photos.paths.__getitem__))
    if labelled.shards:
        found = shard_photos(labelled.shards, str(run.path), resize, settings.cache, splits=None)
        place = {id_: number for number, id_ in enumerate(found.paths)}
        return photos, found.of([place[id_] for id_ in photos.ids])
    photo_set = inspect_photos(photos.paths, str(run.path), resize, settings.cache, folder=settings.data_dir)
    readable = set(photo_set.paths)
    kept = [index for index, path in enumerate(photos.paths) if path in readable]
    return photos.subset(kept), photo_set


def list_left_out(quarantine: Path, left_out: Sequence[tuple[str, str, str]]) -> None:
    """Adds to quarantine.csv the entries `(id, path, reason)` of the data set that have no photo or label."""
    rows = read_quarantine(quarantine)
    rows.update({path: reason for _, path, reason in left_out})
    write_quarantine(str(quarantine), rows.items())


def describe_inputs(
    encoder: FoundEncoder,
    photos: LabelledPhotos,
    photo_set: PhotoSet,
    settings: LabelledRunSettings,
    recipe: FoldSettings,
    cross_validated: bool,
) -> RunDescription:
    """Describes what a run is about to use; a csv set is named after its folder."""
    name = title_of(settings.dataset, settings.data_dir)
    grouped = " grouped" if len(set(photos.keys)) < len(photos.keys) else ""
    folds = f"{recipe.folds}-fold{grouped} cross-validation x {recipe.repeats}, seed {recipe.seed}"
    return RunDescription(
        EncoderFacts(encoder.name, encoder.fingerprint, encoder.spec),
        DatasetFacts(name, len(photos.ids), data_fingerprint(photos, photo_set), photos.scores is not None),
        folds if cross_validated else "train and test split",
    )


def data_fingerprint(photos: LabelledPhotos, photo_set: PhotoSet) -> str:
    """SHA-256 over photos, labels, scores, rating counts, groups and splits, in hexadecimal."""
    digest = hashlib.sha256(photo_set.fingerprint.encode())
    for values in (photos.scores, photos.labels, photos.counts):
        digest.update(b"none" if values is None else values.tobytes())
    for texts in (photos.ids, photos.keys, photos.splits):
        digest.update("\0".join(texts).encode(errors="surrogateescape"))
    return digest.hexdigest()


def say_what_was_left_out(run: RunFolder) -> None:
    """Prints one line about quarantine.csv, if it lists anything."""
    refused = len(read_quarantine(run.quarantine))
    if refused:
        say(f"{counted(refused, 'photo')} could not be used; {run.quarantine} says why")
