"""`predictions.npz`: the predictions of probes or a scorer for photos that did not train them.

This file imports no TensorFlow.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.labelled.description import ADAPTED, AS_WRITTEN

PREDICTIONS = "predictions.npz"
PROBED_AGAIN = "which older versions did not write: give the probe's own command once more"
LABELS, FOLDS = "labels", "folds"
OF_SCORER = "score"


class OutOfFold(NamedTuple):
    """Out-of-fold predictions of N photos.

    Attributes:
        ids: of the photos, texts `[N]`.
        groups: their groups, texts `[N]`, empty for a photo on its own.
        labels: by repeat, int8 `[N]`, 0 or 1 by the threshold of the part that tested the photo, -1 where
            none did.
        predicted: by name and repeat, float32 `[N]`, NaN where the photo was not tested; `[N, seeds]` of
            probes with several seeds. A probe's name is `LAYER/FRACTION` (`prediction_name`) and its values
            probabilities; a scorer's are `score` and `rating`.
        folds: by repeat, int16 `[N]`, the fold in which the photo was tested, -1 where it was not.
    """

    ids: np.ndarray
    groups: np.ndarray
    labels: Mapping[int, np.ndarray]
    predicted: Mapping[tuple[str, int], np.ndarray]
    folds: Mapping[int, np.ndarray]


def prediction_name(layer: str, fraction: float) -> str:
    """The name of a probe's predictions."""
    return f"{layer}/{fraction:g}"


def write_predictions(folder: Path, predictions: OutOfFold) -> None:
    """Writes predictions.npz: arrays `ids`, `groups`, `labels/REPEAT`, `folds/REPEAT`, `NAME/REPEAT`."""
    arrays = {"ids": predictions.ids, "groups": predictions.groups}
    arrays |= {f"{LABELS}/{repeat}": values for repeat, values in predictions.labels.items()}
    arrays |= {f"{FOLDS}/{repeat}": values for repeat, values in predictions.folds.items()}
    arrays |= {f"{name}/{repeat}": values for (name, repeat), values in predictions.predicted.items()}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    replace_file(folder / PREDICTIONS, content.getvalue())


def read_probabilities(folder: Path, fraction: float) -> OutOfFold:
    """Reads and checks what a run's probes, or its scorer, predicted at one label fraction.

    Returns:
        The predictions, named by their layers alone; none where nothing was probed at that fraction.

    Raises:
        UsageError: the file is missing, damaged, or its arrays do not fit each other.
    """
    path = folder / PREDICTIONS
    try:
        with np.load(path, allow_pickle=False) as stored:
            predicted = {}
            for key in stored.files:
                name, _, repeat = key.rpartition("/")
                layer, _, share = name.rpartition("/")  # a layer's own name may have a slash
                if name == OF_SCORER:  # which learned from all labels
                    layer, share = ADAPTED, "1"
                if layer and float(share) == fraction:
                    predicted[layer, int(repeat)] = stored[key]
            repeats = sorted({repeat for _, repeat in predicted})
            labels = {repeat: stored[f"{LABELS}/{repeat}"] for repeat in repeats}
            known = {repeat: f"{FOLDS}/{repeat}" for repeat in repeats if f"{FOLDS}/{repeat}" in stored.files}
            folds = {repeat: stored[name] for repeat, name in known.items()}
            found = OutOfFold(stored["ids"], stored["groups"], labels, predicted, folds)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join((getattr(error, "strerror", None) or str(error)).split())[:100]
        raise UsageError(f"{folder}: expected {PREDICTIONS}, {AS_WRITTEN} ({reason})") from None
    _refuse_misfits(found, path)
    return found


def _refuse_misfits(found: OutOfFold, path: Path) -> None:
    """Raises `UsageError` where arrays do not fit each other or hold no probabilities."""
    if found.labels.keys() != found.folds.keys():
        raise UsageError(f"{path}: expected the array folds/REPEAT, {PROBED_AGAIN}")
    photos, predicted = len(found.ids), found.predicted.values()
    flat = (found.ids, *found.labels.values(), *found.folds.values())
    fits = all(array.shape == (photos,) for array in flat)
    fits &= all(values.shape[:1] == (photos,) and values.ndim <= 2 for values in predicted)
    if photos == 0 or not fits:
        raise UsageError(f"{path}: expected arrays of one length, the number of ids ({photos})")
    for values in predicted:
        if np.isinf(values).any() or (values < 0).any() or (values > 1).any():
            raise UsageError(
                f"{path}: expected probabilities from 0 to 1, or NaN where a photo was not tested"
            )
