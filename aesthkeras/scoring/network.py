"""A scorer's network on pixels, as fast as TensorFlow runs it on a CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

from aesthkeras.networks.export import Export
from aesthkeras.networks.found import encoder_fingerprint
from aesthkeras.scoring.folding import fold_batch_normalization
from aesthkeras.scoring.heat_map import contributions

SCORE = "score"
RATING = "rating"
DEGRADATIONS = "degradations"
HEAT = "heat"

Answers = dict[str, np.ndarray]


class ScoringNetwork:
    """Crops to scores, always in batches of the same size.

    oneDNN takes another path through the additions for another batch size, and the last bits differ: the
    graph has one size, a batch that is not full is filled up, and what a photo scores does not depend on how
    many others there are.

    Args:
        folder: a scorer's SavedModel, as ``Export.open`` takes it.
        batch_size: crops that the network sees at once.
        with_heat: whether to answer ``heat`` too, for about a third more time.

    Attributes:
        resize: a photo's shorter edge in pixels.
        crop: edge of the square that the network sees.
        class_names: names of the degradations; empty where the scorer knows none.
        name: what the scorer is called.
        fingerprint: SHA-256 over architecture, weights and resize, in hexadecimal.

    Raises:
        UsageError: no SavedModel, a damaged one, or one of an encoder alone.
    """

    def __init__(self, folder: str | Path, batch_size: int = 32, with_heat: bool = False) -> None:
        export = Export.open(folder)
        model = export.scoring_model()
        self.resize, self.crop = export.resize, export.crop
        self.class_names, self.name = export.class_names, export.name
        self.fingerprint = encoder_fingerprint(model, self.resize)
        self.batch_size = batch_size
        self._names, self._function = _traced(fold_batch_normalization(model), batch_size, with_heat)

    def __call__(self, crops: np.ndarray) -> Answers:
        """Answer crops.

        Args:
            crops: uint8 ``[N, crop, crop, 3]``, RGB.

        Returns:
            ``score`` float32 ``[N]``; where the scorer has them ``rating`` float32 ``[N]`` and
            ``degradations`` float32 ``[N, classes]``; with heat, ``heat`` float32 ``[N, rows, columns]``.
        """
        answers: dict[str, list[np.ndarray]] = {name: [] for name in self._names}
        for start in range(0, len(crops), self.batch_size):
            batch = crops[start : start + self.batch_size]
            missing = self.batch_size - len(batch)
            full = np.pad(batch, [(0, missing), (0, 0), (0, 0), (0, 0)]) if missing else batch
            for name, values in self._function(tf.constant(full)).items():
                answers[name].append(values.numpy()[: len(batch)])
        return {name: np.concatenate(parts) for name, parts in answers.items()}


def _traced(model: keras.Model, batch_size: int, with_heat: bool) -> tuple[list[str], Any]:
    """The names of the answers and the function from a full batch to them, by name."""
    wanted = [name for name in (DEGRADATIONS, RATING, SCORE) if name in model.output]

    def answer(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        if with_heat:
            outputs, heat = contributions(model, pixels)
            return {**{name: outputs[name] for name in wanted}, HEAT: heat}
        outputs = model(pixels, training=False)
        return {name: outputs[name] for name in wanted}

    specification = tf.TensorSpec([batch_size, *model.input_shape[1:]], tf.uint8)
    names = [*wanted, HEAT] if with_heat else wanted
    return names, tf.function(answer, input_signature=[specification], autograph=False)
