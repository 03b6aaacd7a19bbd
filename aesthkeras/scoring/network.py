"""A scorer's network on pixels, as fast as TensorFlow runs it on a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.networks.find import encoder_fingerprint
from aesthkeras.networks.heads import DEGRADATIONS, RATING, SCORE
from aesthkeras.networks.loading import encoder_description, load_degradations, load_scorer
from aesthkeras.scoring.batches import Answers, FixedBatches
from aesthkeras.scoring.folding import fold_batch_normalization
from aesthkeras.scoring.heat_map import contributions
from aesthkeras.scoring.shipped import find_model

HEAT = "heat"


class ScoringNetwork:
    """Crops to scores, in batches of one size (`FixedBatches`).

    Args:
        model: a scorer's SavedModel, as `shipped.find_model` takes it.
        batch_size: crops that the network sees at once.

    Attributes:
        resize: a photo's shorter edge in pixels.
        crop: edge of the square that the network sees, in pixels.
        class_names: names of the degradations; empty where the scorer knows none.
        name: what the scorer is called.
        fingerprint: SHA-256 over architecture, weights and resize, in hexadecimal.

    Raises:
        UsageError: no SavedModel, a damaged one, or one of an encoder alone.
    """

    def __init__(self, model: str | Path, batch_size: int = 32) -> None:
        folder = find_model(model)
        with readable(folder):
            description, degradations = encoder_description(folder), load_degradations(folder)
            network = load_scorer(folder)
        self.resize, self.crop = int(description["resize_edge"]), int(description["crop"])
        self.class_names = degradations[1] if degradations else []
        self.name = model_name(folder)
        self.fingerprint = encoder_fingerprint(network, self.resize)
        folded = fold_batch_normalization(network)
        wanted = [name for name in (DEGRADATIONS, RATING, SCORE) if name in folded.output]

        def answer(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs = folded(pixels, training=False)
            return {name: outputs[name] for name in wanted}

        def answer_with_heat(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs, heat = contributions(folded, pixels)
            return {**{name: outputs[name] for name in wanted}, HEAT: heat}

        self.batch_size = batch_size
        self._answer = FixedBatches(answer, self.crop, batch_size)
        self._answer_with_heat = FixedBatches(answer_with_heat, self.crop, batch_size)

    def __call__(self, crops: np.ndarray, heat: bool = False) -> Answers:
        """Scores crops.

        Args:
            crops: uint8 `[N, crop, crop, 3]`, RGB.
            heat: whether to answer `heat` too, for about a third more time.

        Returns:
            `score` float32 `[N]`; where the scorer has them `rating` float32 `[N]` and `degradations`
            float32 `[N, classes]`; with heat, `heat` float32 `[N, rows, columns]`.
        """
        return (self._answer_with_heat if heat else self._answer)(crops)


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Makes what goes wrong while a SavedModel is read a `UsageError` that names the argument `model`."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"model={error}") from error  # which begins with the folder
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise UsageError(f"model={folder}: expected a SavedModel that can be read") from error


def model_name(folder: Path) -> str:
    """`quality` for `savedmodels/quality`, `quality/2` for `savedmodels/quality/2`."""
    place = folder.resolve()
    return f"{place.parent.name}/{place.name}" if place.name.isdecimal() else place.name
