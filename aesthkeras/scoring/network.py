"""A scorer's network on pixels, as fast as TensorFlow runs it on a CPU."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.files import printable
from aesthkeras.finding.found import encoder_fingerprint
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import DEGRADATIONS, RATING, SCORE
from aesthkeras.scoring.batches import Answers, FixedBatches
from aesthkeras.scoring.folding import fold_batch_normalization
from aesthkeras.scoring.heat_map import contributions

HEAT = "heat"


class ScoringNetwork:
    """Crops to scores, in batches of one size (`FixedBatches`).

    Args:
        export: of a scorer.
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

    def __init__(self, export: Export, batch_size: int = 32) -> None:
        network = export.scoring_model()
        self.resize, self.crop = export.resize, export.crop
        self.class_names, self.name = export.class_names, printable(export.name)
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
