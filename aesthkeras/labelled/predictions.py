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
from aesthkeras.labelled.description import AS_WRITTEN

PREDICTIONS = "predictions.npz"
LABELS = "labels"


class OutOfFold(NamedTuple):
    """Out-of-fold predictions of N photos.

    Attributes:
        ids: of the photos, texts `[N]`.
        groups: their groups, texts `[N]`, empty for a photo on its own.
        labels: by repeat, int8 `[N]`, 0 or 1 by the threshold of the part that tested the photo, -1 where
            none did.
        predicted: by name and repeat, float32 `[N]`, NaN where the photo was not tested. A probe's name is
            `LAYER/FRACTION` (`prediction_name`) and its values probabilities; a scorer's are `score` and
            `rating`.
    """

    ids: np.ndarray
    groups: np.ndarray
    labels: Mapping[int, np.ndarray]
    predicted: Mapping[tuple[str, int], np.ndarray]


def prediction_name(layer: str, fraction: float) -> str:
    """The name of a probe's predictions."""
    return f"{layer}/{fraction:g}"


def write_predictions(folder: Path, predictions: OutOfFold) -> None:
    """Writes predictions.npz into a run folder: arrays `ids`, `groups`, `labels/REPEAT`, `NAME/REPEAT`."""
    arrays = {"ids": predictions.ids, "groups": predictions.groups}
    arrays |= {f"{LABELS}/{repeat}": values for repeat, values in predictions.labels.items()}
    arrays |= {f"{name}/{repeat}": values for (name, repeat), values in predictions.predicted.items()}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    replace_file(folder / PREDICTIONS, content.getvalue())


def read_probabilities(folder: Path, fraction: float) -> OutOfFold:
    """Reads and checks what a run's probes predicted at one label fraction.

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
                if layer and float(share) == fraction:
                    predicted[layer, int(repeat)] = stored[key]
            repeats = sorted({repeat for _, repeat in predicted})
            labels = {repeat: stored[f"{LABELS}/{repeat}"] for repeat in repeats}
            found = OutOfFold(stored["ids"], stored["groups"], labels, predicted)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join((getattr(error, "strerror", None) or str(error)).split())[:100]
        raise UsageError(f"{folder}: expected {PREDICTIONS}, {AS_WRITTEN} ({reason})") from None
    photos = len(found.ids)
    arrays = (found.ids, *labels.values(), *predicted.values())
    if photos == 0 or any(array.shape != (photos,) for array in arrays):
        raise UsageError(f"{path}: expected arrays of one length, the number of ids ({photos})")
    for values in predicted.values():
        if np.isinf(values).any() or (values < 0).any() or (values > 1).any():
            raise UsageError(
                f"{path}: expected probabilities from 0 to 1, or NaN where a photo was not tested"
            )
    return found
