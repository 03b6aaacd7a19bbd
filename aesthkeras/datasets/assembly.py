"""The last steps that all sources share: order, splits, labels, and the checks that need the whole set."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from aesthkeras.datasets.labelling import LOW_HIGH, label_by_score
from aesthkeras.datasets.listing import quoted
from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.datasets.settings import FOLDS, DatasetSettings
from aesthkeras.datasets.splits import equal_folds, random_split
from aesthkeras.errors import UsageError


def assemble(
    data_set: DataSet,
    settings: DatasetSettings,
    source: str,
    own_scheme: str = "own",
    stratum: Callable[[Record], str] | None = None,
) -> DataSet:
    """Sorts, splits and labels what a source has read; by scores where the set has a threshold of its own.

    Args:
        data_set: its records in any order, with the split that the set itself gives them; the list is
            changed in place, so that a million records are held once.
        settings: how to split and label.
        source: file or folder that messages name.
        own_scheme: what `split=own` means; `own` keeps the splits of the records.
        stratum: of equal folds; None is one stratum for all.

    Raises:
        UsageError: no record, an id twice, one class only, or settings that do not apply to this set.
    """
    records = data_set.records
    assert isinstance(records, list), "a source reads a list"
    if not records:
        raise UsageError(f"{source}: no photo is left; expected one or more")
    records.sort(key=itemgetter(0))  # by id alone: scores may be None, which has no order
    for before, record in zip(records, records[1:]):
        if before.id == record.id:
            raise UsageError(f"{source}: {quoted(record.id)} occurs more than once; expected each photo once")
    split_records(records, settings, own_scheme if settings.split == "own" else settings.split, stratum)
    if not data_set.own_threshold:
        _require_no_scores(settings, data_set.name)
        return data_set
    threshold = label_by_score(records, data_set.left_out, data_set.own_threshold, settings)
    return data_set._replace(classes=LOW_HIGH, threshold=threshold)


def split_records(
    records: list[Record],
    settings: DatasetSettings,
    scheme: str,
    stratum: Callable[[Record], str] | None = None,
) -> None:
    """Gives the records their splits, in place; `scheme` is one of `settings.SCHEMES`.

    `own` leaves them as they are. `half` trains on the first of two equal folds and tests on the second,
    `foldN` tests on the N-th of five. `validation_share` is taken from the training part.
    """
    seed = settings.split_seed
    if scheme == "random":
        for place, record in enumerate(records):
            split = random_split(seed, key_of(record), settings.test_share, settings.validation_share)
            records[place] = record._replace(split=split)
        return
    if scheme != "own":
        strata = [stratum(record) for record in records] if stratum else None
        half = scheme == "half"
        folds = equal_folds([key_of(record) for record in records], 2 if half else FOLDS, seed, strata)
        tested = 1 if half else int(scheme[len("fold") :]) - 1
        for place, fold in enumerate(folds):
            records[place] = records[place]._replace(split="test" if fold == tested else "train")
    if settings.validation_share:
        _set_aside_validation(records, settings)


def key_of(record: Record) -> str:
    """Returns what a split is drawn by: the photo's group, or the photo itself where it has none."""
    # the first word tells a group from a photo whose id is the name of the group
    return f"group {record.group}" if record.group else f"photo {record.id}"


def _set_aside_validation(records: list[Record], settings: DatasetSettings) -> None:
    given = f"validation_share={settings.validation_share}"
    if any(record.split == "validation" for record in records):
        raise UsageError(f"{given}: expected 0 for a set that brings its own validation part")
    if not any(record.split == "train" for record in records):
        raise UsageError(f"{given}: expected a split that it can be taken from, as with split=random")
    for place, record in enumerate(records):
        if record.split == "train":
            split = random_split(settings.split_seed, key_of(record), 0.0, settings.validation_share)
            records[place] = record._replace(split=split)


def _require_no_scores(settings: DatasetSettings, name: str) -> None:
    why = f"{name} here has no scores to compare with it"
    if settings.threshold:
        raise UsageError(f"threshold={settings.threshold}: expected none: {why}")
    if settings.margin:
        raise UsageError(f"margin={settings.margin}: expected 0: {why}")
