"""Photos to rows: read them, run the network, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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

# scorer, lists of paths, crops, whether rows are for a gallery, whether bars are cut off -> rows, as
# `score_lists` makes them
ScoreLists = Callable[[ScoringNetwork, Iterable[list[str]], int, bool, bool], Iterator[list[Row]]]


def score_lists(
    network: ScoringNetwork,
    lists: Iterable[list[str]],
    crops: int = 1,
    for_gallery: bool = False,
    cut_bars: bool = False,
) -> Iterator[list[Row]]:
    """Yield the rows of one list of paths after the other, as `score_photos` does."""
    for paths in lists:
        yield from score_photos(network, paths, crops, for_gallery, cut_bars)


def score_photos(
    network: ScoringNetwork,
    paths: Sequence[str],
    crops: int = 1,
    for_gallery: bool = False,
    cut_bars: bool = False,
) -> Iterator[list[Row]]:
    """Yield one row for each path, in order, a batch of rows at a time.

    Args:
        network: the scorer.
        paths: photos, and whatever else a person may have named.
        crops: squares of each photo whose answers are averaged: 1, 5 or 10.
        for_gallery: whether rows have thumbnails and heat maps; a heat map is that of the middle square.
        cut_bars: whether uniform bars are left out of what is scored.
    """
    photos = read_photos(paths, network.resize, network.crop, crops, for_gallery, cut_bars, glimpse, True)
    while batch := list(islice(photos, network.batch_size)):
        yield _scored(network, batch, crops, for_gallery)


def _scored(network: ScoringNetwork, photos: Sequence[Photo], crops: int, heat: bool) -> list[Row]:
    readable = [photo for photo in photos if not photo.error]
    if not readable:
        return [Row(photo.path, error=photo.error) for photo in photos]
    answers = network(np.concatenate([photo.crops for photo in readable]), heat)
    by_photo = {name: values.reshape(-1, crops, *values.shape[1:]) for name, values in answers.items()}
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
