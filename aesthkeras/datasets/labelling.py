"""From scores to binary labels: a threshold, and a margin around it that training leaves out."""

from __future__ import annotations

import statistics

from aesthkeras.datasets.record import Record
from aesthkeras.datasets.settings import MEDIAN, DatasetSettings
from aesthkeras.errors import UsageError

LOW_HIGH = ("low", "high")  # label 1 is the positive class


def label_by_score(
    records: list[Record], left_out: list[tuple[str, str, str]], own: str, settings: DatasetSettings
) -> float:
    """Gives the records, in place, label 1 where the score is at least the threshold, 0 below.

    With a margin d > 0, training photos with threshold - d < score < threshold + d are left out, as in
    Murray et al., "AVA: a large-scale database for aesthetic visual analysis" (2012); validation and test
    keep theirs.

    Args:
        records: with splits and scores; changed in place.
        left_out: (id, path, reason) of the photos within the margin are added to it.
        own: the set's own threshold: a number or `median`, which is that of the training part (of all
            photos where there is no split).
        settings: threshold and margin.

    Returns:
        The threshold.
    """
    text = settings.threshold or own
    threshold = _median(records) if text == MEDIAN else float(text)
    kept = 0
    for record in records:
        score = record.score or 0.0
        if record.split in ("train", "") and abs(score - threshold) < settings.margin:
            reason = f"score {score:.4g} is less than {settings.margin:g} away from {threshold:.6g}"
            left_out.append((record.id, record.path, reason))
            continue
        records[kept] = record._replace(label=int(score >= threshold))  # in place: one list of a million
        kept += 1
    del records[kept:]
    _require_both(records, f"threshold={text}", threshold)
    return threshold


def _median(records: list[Record]) -> float:
    scores = [record.score for record in records if record.split == "train" and record.score is not None]
    if not scores:
        if any(record.split for record in records):
            raise UsageError("threshold=median: no photo in the training part; expected one or more")
        scores = [record.score for record in records if record.score is not None]
    return float(statistics.median(scores))


def _require_both(records: list[Record], flag: str, threshold: float) -> None:
    for part, where in (("", "all photos"), ("train", "the training photos")):
        labels = {record.label for record in records if part in ("", record.split)}
        if len(labels) == 1:
            side = "at or above" if labels == {1} else "below"
            raise UsageError(
                f"{flag}: the scores of {where} all lie {side} {threshold:g}; expected some on each side"
            )
