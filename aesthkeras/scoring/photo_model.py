"""A trained model in Python: photos in, scores, features and degradations out."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.culling.glimpses import glimpse, spread_squares
from aesthkeras.culling.not_photos import is_hardly_a_photo
from aesthkeras.encoders import EMBEDDING
from aesthkeras.errors import UsageError
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import DEGRADATIONS, RATING, SCORE, head_logits
from aesthkeras.networks.pooling import describe
from aesthkeras.networks.request_pixels import fit_pixels
from aesthkeras.photos.photo_files import decoding_error
from aesthkeras.photos.reading import read_photos
from aesthkeras.scoring.batches import Answers, FixedBatches
from aesthkeras.scoring.network import HEAT, ScoringNetwork

FileBytes = bytes | bytearray | memoryview
PhotoLike = str | os.PathLike[str] | FileBytes | np.ndarray
"""The path of a photo, the bytes of its file, or its pixels, uint8 `[H, W, 3]` in RGB."""

EXPECTED_INPUT = "a path, the bytes of a file, or uint8 [H, W, 3]"
CROPS_AT_ONCE = 32
_SIZE, _HARDLY = "size", "hardly_a_photo"
PHOTOS_IN_MEMORY = 128  # whose pixels are in memory together


class Scores(NamedTuple):
    """What a scorer says of N photos; of one photo alone the arrays lack their first axis.

    Attributes:
        score: float32 `[N]`, the probability in [0, 1] that the photo is of the class that the scorer calls
            positive; its model card says which that is.
        rating: float32 `[N]`, the mean rating to be expected, on the scale of the ratings that trained the
            scorer; None for a scorer that learned from classes.
        heat: float32 `[N, rows, columns]`, how much each region of the square that the network sees raises
            (positive) or lowers (negative) the score; None unless asked for.
        size: int `[N, 2]`, height and width in pixels: of a small photo the score says less.
        hardly_a_photo: bool `[N]`, whether pixels look like a screenshot, a page, a drawing, one colour or
            noise, as `seems_wrong` says in rows.
    """

    score: np.ndarray
    rating: np.ndarray | None = None
    heat: np.ndarray | None = None
    size: np.ndarray | None = None
    hardly_a_photo: np.ndarray | None = None


class Degradations(NamedTuple):
    """Which degradation N photos seem to have; of one photo alone the array lacks its first axis.

    Attributes:
        probabilities: float32 `[N, classes]`, sum 1. In training `none` weighs 1 in C classes, and operations
            share the rest alike: a rotation, one of three, less than other edits.
        names: what the classes are called, such as `none` and `jpeg_30`.
    """

    probabilities: np.ndarray
    names: tuple[str, ...]


class PhotoModel:
    """A trained encoder or scorer, read from its SavedModel; `aesthkeras.load` makes it.

    Photos are decoded, resized and cropped as in training and in the served model. The formats are JPEG,
    PNG, GIF, BMP, WebP, TIFF, AVIF and, with `pillow-heif`, HEIC; with `rawpy` raw files, by their previews.
    What is said of a photo does not depend on the others.

    Args:
        model: as `aesthkeras.load` takes it.

    Attributes:
        name: what the model is called.
        resize: length in pixels to which a photo's shorter edge is resized.
        crop: edge in pixels of the square that is then cut from the middle; all that the network sees.

    Raises:
        UsageError: no SavedModel of this package, or a damaged one.
    """

    def __init__(self, model: str | os.PathLike[str]) -> None:
        self._export = Export.open(model)
        encoder, head = self._export.encoder(), self._export.degradations()
        self.name, self.resize, self.crop = self._export.name, self._export.resize, self._export.crop
        self._features = FixedBatches(
            lambda pixels: describe(encoder(pixels, training=False)), self.crop, CROPS_AT_ONCE
        )
        self._degradations = None
        if head is not None:
            classifier, names = head
            self._names = tuple(names)

            def degradations(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
                logits = head_logits(classifier(encoder(pixels, training=False)[EMBEDDING], training=False))
                return {DEGRADATIONS: tf.nn.softmax(logits)}

            self._degradations = FixedBatches(degradations, self.crop, CROPS_AT_ONCE)

    def __repr__(self) -> str:
        return f"<PhotoModel {self.name}>"

    def score(self, photos: PhotoLike | Sequence[PhotoLike], heat: bool = False) -> Scores:
        """Scores photos.

        Args:
            photos: paths, bytes of files, and uint8 arrays `[H, W, 3]` in any mixture; or one alone.
            heat: whether to make heat maps too, for about a third more time.

        Raises:
            UsageError: a photo that cannot be read, by its place in the list and with the reason; or a model
                without a scorer.
            ValueError: something in the list is no photo.
        """
        scorer = self._scorer
        answers, facts = self._answers(photos, lambda crops: scorer(crops, heat))
        return Scores(answers[SCORE], answers.get(RATING), answers.get(HEAT), facts[_SIZE], facts[_HARDLY])

    def features(self, photos: PhotoLike | Sequence[PhotoLike]) -> dict[str, np.ndarray]:
        """What the encoder makes of photos: its blocks, pooled as the probes pool them, and the embedding.

        Args:
            photos: as for `score`.

        Returns:
            Name -> float32 `[N, values]`: `conv1` to `conv5` and `embedding`.

        Raises:
            UsageError: a photo that cannot be read, by its place in the list and with the reason.
            ValueError: something in the list is no photo.
        """
        answers, _ = self._answers(photos, self._features)
        return answers

    def degradations(self, photos: PhotoLike | Sequence[PhotoLike]) -> Degradations:
        """Which degradation photos seem to have, as the pretext task taught it.

        Args:
            photos: as for `score`.

        Raises:
            UsageError: a photo that cannot be read, by its place in the list and with the reason; or a model
                that knows no degradations.
            ValueError: something in the list is no photo.
        """
        if self._degradations is None:
            raise UsageError(f"{self._export.asked}: knows no degradations")
        answers, _ = self._answers(photos, self._degradations)
        return Degradations(answers[DEGRADATIONS], self._names)

    @cached_property
    def _scorer(self) -> ScoringNetwork:
        return ScoringNetwork(self._export, CROPS_AT_ONCE)

    def _answers(
        self, photos: PhotoLike | Sequence[PhotoLike], answer: Callable[[np.ndarray], Answers]
    ) -> tuple[Answers, Answers]:
        """What `answer` makes of the photos' squares, and what is known of the photos without it."""
        named, is_alone = named_photos(photos)
        if not named:
            raise UsageError("photos: expected at least one")
        parts = []
        for start in range(0, len(named), PHOTOS_IN_MEMORY):
            some = named[start : start + PHOTOS_IN_MEMORY]
            squares, facts = middle_squares(some, self.resize, self.crop)
            parts.append((answer(squares), facts))
        both = [
            {name: np.concatenate([part[name] for part in kind]) for name in kind[0]} for kind in zip(*parts)
        ]
        if is_alone:
            both = [{name: values[0] for name, values in kind.items()} for kind in both]
        answers, facts = both
        return answers, facts


def load(model: str | os.PathLike[str]) -> PhotoModel:
    """A trained model, to score photos and to take features from.

    Args:
        model: `quality` or `beauty`, which come with the package; or the folder of a SavedModel that
            `pretrain`, `adapt` or `export` wrote, `savedmodels/NAME` (its highest version) or
            `savedmodels/NAME/VERSION`.

    Raises:
        UsageError: no SavedModel of this package, or a damaged one; or one that needs the extra `content`,
            which is not installed.
    """
    return PhotoModel(model)


def named_photos(photos: PhotoLike | Sequence[PhotoLike]) -> tuple[list[tuple[str, PhotoLike]], bool]:
    """Each photo with what an error message calls it, and whether it is one photo that is no list."""
    # an open file would be taken for a list of its lines
    alone = str | os.PathLike | FileBytes | io.IOBase
    if isinstance(photos, alone) or not isinstance(photos, Iterable):
        return [("photos", photos)], True
    if isinstance(photos, np.ndarray) and photos.ndim != 4:
        return [("photos", photos)], True
    return [(f"photos[{place}]", photo) for place, photo in enumerate(photos)], False


def middle_squares(
    photos: Sequence[tuple[str, PhotoLike]], resize: int, crop: int
) -> tuple[np.ndarray, Answers]:
    """The pixels that a network sees of photos, and what is known of these without it.

    Args:
        photos: what an error message calls the photo, and the photo.
        resize: length of the shorter edge after the resize, in pixels.
        crop: edge of the square in pixels.

    Returns:
        uint8 `[photos, crop, crop, 3]`; `size` int `[photos, 2]`, height and width, and `hardly_a_photo`
        bool `[photos]`.

    Raises:
        UsageError: a photo cannot be read.
        ValueError: something is no photo.
    """
    squares: list[np.ndarray] = [np.zeros(0)] * len(photos)
    sizes, is_hardly = np.zeros((len(photos), 2), int), np.zeros(len(photos), bool)
    paths: dict[int, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for place, (name, photo) in enumerate(photos):
            if isinstance(photo, np.ndarray):
                squares[place] = _square_of_pixels(name, photo, resize, crop)
                sizes[place] = photo.shape[:2]
                is_hardly[place] = is_hardly_a_photo(spread_squares(tf.constant(photo)).numpy())
            elif isinstance(photo, FileBytes):
                # a file, so that every format is read by one function, which takes paths
                paths[place] = os.path.join(folder, str(place))
                Path(paths[place]).write_bytes(photo)
            elif isinstance(photo, (str, os.PathLike)):
                paths[place] = os.fspath(photo)
            else:
                raise ValueError(f"{name}: expected {EXPECTED_INPUT}, got {type(photo).__name__}")
        for place, found in zip(
            paths, read_photos(list(paths.values()), resize, crop, look=glimpse, previews=True)
        ):
            if found.error:
                name, photo = photos[place]
                which = name if isinstance(photo, FileBytes) else f"{name}={found.path}"
                raise UsageError(f"{which}: {found.error}")
            squares[place], sizes[place] = found.crops[0], found.size
            is_hardly[place] = is_hardly_a_photo(found.looked[1])
    return np.stack(squares), {_SIZE: sizes, _HARDLY: is_hardly}


def _square_of_pixels(name: str, pixels: np.ndarray, resize: int, crop: int) -> np.ndarray:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise ValueError(f"{name}: expected {EXPECTED_INPUT}, got {pixels.dtype} {list(pixels.shape)}")
    try:
        return fit_pixels(tf.constant(pixels[np.newaxis]), resize, crop)[0].numpy()
    except tf.errors.InvalidArgumentError as error:
        raise UsageError(f"{name}: {decoding_error(error)}") from error
