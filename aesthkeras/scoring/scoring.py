"""Photos to rows: read them, run the network, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from aesthkeras.culling.capture import capture_of
from aesthkeras.culling.glimpses import glimpse
from aesthkeras.culling.perceptual import perceptual_hashes
from aesthkeras.networks.heads import DEGRADATIONS, RATING, SCORE
from aesthkeras.photos.reading import Photo, read_photos
from aesthkeras.scoring.batches import Answers
from aesthkeras.scoring.faults import likeliest_faults, with_rules
from aesthkeras.scoring.heat_map import heat_picture
from aesthkeras.scoring.network import HEAT, ScoringNetwork
from aesthkeras.scoring.rows import Row


@dataclass(frozen=True)
class ScoringChoices:
    """What of a photo is scored, and what its row holds.

    Attributes:
        crops: squares of each photo whose answers are averaged: 1, 5 or 10.
        cut_bars: whether uniform bars are left out of what is scored.
        for_gallery: whether rows have thumbnails and heat maps; a heat map is that of the middle square.
    """

    crops: int = 1
    cut_bars: bool = False
    for_gallery: bool = False


# scorer, lists of paths, choices -> rows, as `score_lists` makes them
ScoreLists = Callable[[ScoringNetwork, Iterable[list[str]], ScoringChoices], Iterator[list[Row]]]


def score_lists(
    network: ScoringNetwork, lists: Iterable[list[str]], choices: ScoringChoices
) -> Iterator[list[Row]]:
    """Yield the rows of one list of paths after the other, as `score_photos` does."""
    for paths in lists:
        yield from score_photos(network, paths, choices)


def score_photos(
    network: ScoringNetwork, paths: Sequence[str], choices: ScoringChoices
) -> Iterator[list[Row]]:
    """Yield one row for each path, in order, a batch of rows at a time.

    Args:
        network: the scorer.
        paths: photos, and whatever else a person may have named.
        choices: what of each photo is scored, and what its row holds.
    """
    photos = read_photos(
        paths,
        network.resize,
        network.crop,
        choices.crops,
        thumbnails=choices.for_gallery,
        cut_bars=choices.cut_bars,
        look=glimpse,
        previews=True,
    )
    while batch := list(islice(photos, network.batch_size)):
        yield _scored(network, batch, choices)


def _scored(network: ScoringNetwork, photos: Sequence[Photo], choices: ScoringChoices) -> list[Row]:
    readable = [photo for photo in photos if not photo.error]
    if not readable:
        return [Row(photo.path, error=photo.error) for photo in photos]
    answers = network(np.concatenate([photo.crops for photo in readable]), choices.for_gallery)
    by_photo = {
        name: values.reshape(-1, choices.crops, *values.shape[1:]) for name, values in answers.items()
    }
    scored = (
        _row(photo, {name: values[place] for name, values in by_photo.items()}, network.class_names)
        for place, photo in enumerate(readable)
    )
    return [Row(photo.path, error=photo.error) if photo.error else next(scored) for photo in photos]


def _row(photo: Photo, answers: Answers, class_names: Sequence[str]) -> Row:
    """The row of one photo from the answers to its crops, each `[crops, ...]`."""
    means = {name: values.mean(axis=0, dtype=np.float64) for name, values in answers.items()}
    faults = likeliest_faults(class_names, means[DEGRADATIONS].tolist()) if DEGRADATIONS in means else {}
    small, squares = photo.looked
    capture = capture_of(photo.path)
    return Row(
        photo.path,
        float(means[SCORE]),
        float(means[RATING]) if RATING in means else None,
        with_rules(faults, squares, photo.size),
        shape=photo.shape,
        thumbnail=photo.thumbnail,
        heat=heat_picture(answers[HEAT][0]) if HEAT in answers else b"",
        width=photo.size[1],
        height=photo.size[0],
        taken=capture.taken,
        camera=capture.camera,
        read_as=photo.read_as,
        perceptual=int(perceptual_hashes(small[np.newaxis])[0]),
    )
