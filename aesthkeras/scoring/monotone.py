"""How a score moves when a photo is degraded by each class of Table 1, and whether the fault is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.degradations.batch import degrade
from aesthkeras.degradations.table import CLASSES
from aesthkeras.errors import UsageError
from aesthkeras.networks.heads import DEGRADATIONS, SCORE
from aesthkeras.photos.reading import read_photos
from aesthkeras.scoring.faults import WORDS, likeliest_faults
from aesthkeras.scoring.network import ScoringNetwork

_PHOTOS_AT_ONCE = 32


class Change(NamedTuple):
    """How the score changed, for the 21 edits in the order of Table 1.

    Attributes:
        photos: how many were degraded, each by all 21.
        unreadable: how many files were left out.
        lower: photos whose degraded copy scores lower than the original, int64 ``[21]``.
        equal: photos whose score is the same to the last bit, int64 ``[21]``.
        mean: mean of degraded minus original score, float64 ``[21]``.
        deviation: its standard deviation over photos, float64 ``[21]``.
        named: photos whose likeliest fault is the right one, int64 ``[22]``, undegraded photos first; None
            for a scorer that knows no degradations.
    """

    photos: int
    unreadable: int
    lower: np.ndarray
    equal: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    named: np.ndarray | None


def measure(network: ScoringNetwork, paths: Sequence[str], seed: int = 0) -> Change:
    """Degrade the middle square of every photo, as pre-training degrades patches, and score all copies.

    Args:
        network: the scorer.
        paths: photos; those that cannot be read are counted and left out.
        seed: decides noise, shuffling and the partners of mixup.

    Raises:
        UsageError: no photo can be read.
    """
    changed, named = [], []
    for number, crops in enumerate(_crops(network, paths)):
        answers = _answers(network, crops, seed, number)
        scores = answers[SCORE]
        changed.append(scores[:, 1:] - scores[:, :1])
        if DEGRADATIONS in answers:
            named.append(_is_named(answers[DEGRADATIONS], network.class_names))
    if not changed:
        raise UsageError(f"monotone: expected a photo that can be read, but of {len(paths)} none can")
    changes = np.concatenate(changed)
    return Change(
        photos=len(changes),
        unreadable=len(paths) - len(changes),
        lower=(changes < 0).sum(axis=0),
        equal=(changes == 0).sum(axis=0),
        mean=changes.mean(axis=0, dtype=np.float64),
        deviation=changes.std(axis=0, dtype=np.float64),
        named=np.concatenate(named).sum(axis=0) if named else None,
    )


def _crops(network: ScoringNetwork, paths: Sequence[str]) -> Iterator[np.ndarray]:
    """The middle squares of all photos, uint8 ``[photos, S, S, 3]`` at a time, with a progress bar."""
    bar = tqdm(read_photos(paths, network.resize, network.crop), "degrading", len(paths), unit="photo")
    readable = (photo.crops[0] for photo in bar if not photo.error)
    while batch := list(islice(readable, _PHOTOS_AT_ONCE)):
        yield np.stack(batch)


def _answers(network: ScoringNetwork, crops: np.ndarray, seed: int, number: int) -> dict[str, np.ndarray]:
    """The network's answers for each photo and its 21 copies: ``[photos, 22, ...]`` by name."""
    classes = tf.tile(tf.range(len(CLASSES))[tf.newaxis], [len(crops), 1])
    views = degrade(tf.constant(crops), classes, tf.constant([seed, number])).numpy()
    answers = network(views.reshape(-1, *crops.shape[1:]))
    shape = classes.shape.as_list()
    return {name: values.reshape(*shape, *values.shape[1:]) for name, values in answers.items()}


def _is_named(probabilities: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
    """Whether the likeliest fault of each copy is what was done to it: bool ``[photos, 22]``."""
    right = [WORDS[degradation.name] for degradation in CLASSES]
    return np.array(
        [
            [next(iter(likeliest_faults(class_names, said))) == words for said, words in zip(photo, right)]
            for photo in probabilities
        ]
    )
