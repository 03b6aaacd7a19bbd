"""Which photos train and which test, and which of them are positive in each part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from aesthkeras.datasets.assembly import key_of
from aesthkeras.datasets.find import CSV, read_dataset
from aesthkeras.datasets.record import DataSet
from aesthkeras.datasets.settings import MEDIAN, DatasetSettings
from aesthkeras.datasets.shard_records import read_shard_records, require_whole_set
from aesthkeras.datasets.splits import equal_folds
from aesthkeras.errors import UsageError
from aesthkeras.labelled.settings import FoldSettings
from aesthkeras.photos.shard_index import ShardIndex, find_index
from aesthkeras.settings import require


class LabelledPhotos(NamedTuple):
    """The photos that a probe or a head trains and tests on, by index.

    Attributes:
        ids: of the photos, sorted.
        paths: their files; their ids where they are in shards.
        groups: their groups, empty for a photo on its own.
        keys: what folds are drawn by; photos of one group share a key.
        scores: float64 `[photos]`, or None for a set without scores.
        labels: int64 `[photos]`, 0 or 1, where the set or a fixed threshold gives them; None where the
            threshold is the median of each training part.
        splits: `train`, `validation` or `test` for each, empty with cross-validation.
        counts: float64 `[photos, K]`, how many raters gave each rating from 1 to K; None where unknown.
        threshold: the lowest score of a positive photo; None where it is the median of each training part,
            and where labels do not come from scores.
    """

    ids: list[str]
    paths: list[str]
    groups: list[str]
    keys: list[str]
    scores: np.ndarray | None
    labels: np.ndarray | None
    splits: list[str]
    counts: np.ndarray | None = None
    threshold: float | None = None

    def subset(self, indices: Sequence[int] | np.ndarray) -> LabelledPhotos:
        """The photos at `indices`, in that order."""
        chosen = np.asarray(indices, np.int64)
        texts = (self.ids, self.paths, self.groups, self.keys)
        ids, paths, groups, keys = ([column[index] for index in chosen] for column in texts)
        arrays = (self.scores, self.labels, self.counts)
        scores, labels, counts = (None if array is None else array[chosen] for array in arrays)
        splits = [self.splits[index] for index in chosen]
        return LabelledPhotos(ids, paths, groups, keys, scores, labels, splits, counts, self.threshold)


class Part(NamedTuple):
    """One training and one test part.

    Attributes:
        repeat: which draw of the folds this is, from 0.
        fold: from 0.
        train: int64 indices of the training photos, ascending.
        test: int64 indices of the test photos, ascending.
        labels: int8 `[photos]`, 0 or 1 by this part's threshold, for all photos.
        threshold: that threshold; None where labels do not come from scores.
    """

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    threshold: float | None = None

    def training_seed(self, seed: int) -> int:
        """A seed for the training on this part: another for each part, and for each seed of a recipe."""
        return int(np.random.SeedSequence([seed, self.repeat, self.fold]).generate_state(1)[0])


class LabelledSet(NamedTuple):
    """A data set as a run will use it.

    Attributes:
        photos: all that have a file and a label.
        left_out: (id, path, reason) of entries without a photo or a label.
        cross_validated: whether folds are drawn; otherwise the photos have splits.
        score_range: lowest and highest possible score; None without scores.
        shards: that hold the photos; None for photos that are files.
    """

    photos: LabelledPhotos
    left_out: list[tuple[str, str, str]]
    cross_validated: bool
    score_range: tuple[float, float] | None = None
    shards: ShardIndex | None = None


def read_labelled(dataset: str, data_dir: str, choices: DatasetSettings, recipe: FoldSettings) -> LabelledSet:
    """Reads a data set and checks that it can be used as asked; needs no TensorFlow, opens no photo.

    Raises:
        UsageError: no labels of two classes, fewer photos than folds, a part with one class, or a set that
            cannot be read.
    """
    shards = find_index(data_dir)
    photos, data_set, cross_validated = read_labelled_photos(
        dataset, data_dir, choices, recipe.protocol, shards
    )
    for _ in parts(photos, recipe, cross_validated):
        pass
    return LabelledSet(photos, data_set.left_out, cross_validated, data_set.score_range, shards)


def read_labelled_photos(
    dataset: str,
    data_dir: str,
    choices: DatasetSettings,
    protocol: str,
    shards: ShardIndex | None = None,
) -> tuple[LabelledPhotos, DataSet, bool]:
    """Reads a data set for probing; no photo is opened.

    Args:
        dataset: one of `datasets.find.SOURCES`.
        data_dir: its root, or the folder of `shards`.
        choices: how to split and label it.
        protocol: `split`, `kfold`, or `auto`: folds for a set without a split of its own, where `choices`
            makes none either.
        shards: that hold the set, instead of its published layout; `dataset` is their own, or `csv`.

    Returns:
        The photos, the data set, and whether folds are to be drawn.

    Raises:
        UsageError: folds and a split are both asked for, there are no labels or more than two classes, or
            the set cannot be read.
    """
    if protocol == "kfold":
        require(choices, "split", choices.split == "own", "own with protocol=kfold, which draws folds")
    if shards and dataset not in (CSV, shards.dataset):
        raise UsageError(
            f"dataset={dataset}: expected {shards.dataset}, of which the shards in {data_dir} are"
        )

    def read(settings: DatasetSettings) -> DataSet:
        return read_shard_records(shards, settings) if shards else read_dataset(dataset, data_dir, settings)

    cross_validated = protocol == "kfold" or (protocol == "auto" and choices.split == "own")
    if cross_validated:
        # the folds decide what trains
        whole = replace(choices, split="random", test_share=0.0, validation_share=0.0, margin=0.0)
        data_set = read(whole)
        cross_validated = protocol == "kfold" or not data_set.has_own_split
    if cross_validated:
        require(choices, "margin", choices.margin == 0, "0 with cross-validation")
    else:
        data_set = read(choices)
    if shards and (cross_validated or choices.split != "own"):
        require_whole_set(shards)
    records = data_set.records
    if any(record.label is None for record in records) or len(data_set.classes) != 2:
        found = len(data_set.classes)
        raise UsageError(
            f"data_dir={data_dir}: expected scores or labels of two classes; found {found or 'no'} classes"
        )
    has_scores = all(record.score is not None for record in records)
    has_counts = all(any(record.counts) for record in records)
    by_median = cross_validated and (choices.threshold or data_set.own_threshold) == MEDIAN
    photos = LabelledPhotos(
        [record.id for record in records],
        [record.path for record in records],
        [record.group for record in records],
        [key_of(record) for record in records],
        np.array([record.score for record in records], np.float64) if has_scores else None,
        None if by_median else np.array([record.label for record in records], np.int64),
        ["" if cross_validated else record.split for record in records],
        np.array([record.counts for record in records], np.float64) if has_counts else None,
        None if by_median else data_set.threshold,
    )
    return photos, data_set, cross_validated


def parts(photos: LabelledPhotos, recipe: FoldSettings, cross_validated: bool) -> Iterator[Part]:
    """Yields the training and test parts, repeat by repeat and fold by fold, each one checked.

    With folds, every photo is tested once in each repeat. With a split there is one part. It is repeated,
    with the same photos, only if label fractions below 1 are drawn anew.

    Raises:
        UsageError: fewer photos (or groups) than folds, or a part with one class only.
    """
    for repeat in range(recipe.repeats if cross_validated or recipe.repeats_splits else 1):
        if not cross_validated:
            train, test = (np.flatnonzero(np.array(photos.splits) == name) for name in ("train", "test"))
            yield _checked(photos, repeat, 0, train, test, "split")
            continue
        folds = draw_folds(photos, recipe.folds, recipe.seed, repeat)
        for fold in range(recipe.folds):
            train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            yield _checked(photos, repeat, fold, train, test, f"folds={recipe.folds}")


def draw_folds(photos: LabelledPhotos, folds: int, seed: int, repeat: int, flag: str = "folds") -> np.ndarray:
    """Draws folds of equal size with both classes spread evenly, as far as groups, kept whole, allow.

    Args:
        photos: what is dealt out.
        folds: how many.
        seed: with `repeat` decides the draw.
        repeat: which draw of the same seed this is, from 0.
        flag: the argument that decided the number of folds, for the message.

    Returns:
        The fold of each photo, int64 `[photos]`.

    Raises:
        UsageError: fewer photos, or fewer groups, than folds.
    """
    units = len(set(photos.keys))
    if units < folds:
        what = f"{len(photos.ids)} photos" + (f" in {units} groups" if units < len(photos.ids) else "")
        raise UsageError(f"{flag}={folds}: expected no more folds than the set has; it has {what}")
    labels = photos.labels
    if labels is None and photos.scores is not None:
        # used to spread the classes over the folds, for nothing else
        labels = (photos.scores >= np.median(photos.scores)).astype(np.int64)
    strata = None if labels is None else [str(label) for label in labels]
    # A seed of its own for each repeat; recipe seeds are below 2**31.
    return np.array(equal_folds(photos.keys, folds, seed + repeat * 2**31, strata), np.int64)


def _checked(
    photos: LabelledPhotos, repeat: int, fold: int, train: np.ndarray, test: np.ndarray, flag: str
) -> Part:
    for name, indices in (("training", train), ("test", test)):
        if not len(indices):
            raise UsageError(f"{flag}: no photo in the {name} part; expected some of both classes")
    labels, threshold = labels_of_part(photos, train)
    for name, indices in (("training", train), ("test", test)):
        found = Counter(labels[indices].tolist())
        if len(found) < 2:
            raise UsageError(
                f"{flag}: the {name} part of fold {fold + 1} has one class only, {len(indices)} photos of "
                f"class {next(iter(found))}; expected both"
            )
    return Part(repeat, fold, train, test, labels, threshold)


def labels_of_part(photos: LabelledPhotos, train: np.ndarray) -> tuple[np.ndarray, float | None]:
    """The labels of all photos if these train: int8 `[photos]`, 1 is positive; and the threshold, or None."""
    if photos.labels is not None:
        return photos.labels.astype(np.int8), photos.threshold
    assert photos.scores is not None
    threshold = float(np.median(photos.scores[train]))
    return (photos.scores >= threshold).astype(np.int8), threshold
