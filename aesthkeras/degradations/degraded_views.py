"""The views of the pretext task as a Keras layer: edits of Table 1 are drawn for each patch and applied."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.batch import check_patches, degrade
from aesthkeras.degradations.draw import draw_classes
from aesthkeras.degradations.layer import call_seed
from aesthkeras.degradations.table import EDITS, DegradationSettings, drawn_operations
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class DegradedViews(keras.layers.Layer):
    """Make the views of each patch that the encoder is trained to tell apart (paper, Table 1 and Eq. 3).

    The first view of a patch is the patch itself, class None. Then comes one edited view for each drawn
    parameter of each drawn operation.

        views_of = aesthkeras.degradations.DegradedViews()
        patches.batch(64).map(views_of)                       # views [64, 7, H, W, 3] and classes [64, 7]

    Args:
        operations: how many are drawn for each patch, without replacement (the paper's 3).
        parameters: how many of each drawn operation, 1 or 2, without replacement (Eq. 3 needs 2).
        edits: `table1` draws from the ten operations of Table 1, `extended` also from the seven faults of the
            extension.
        leave_out: a key of `ATTRIBUTES`, whose operations are not drawn (the paper's Table 4), or `none`.
        jpeg: `codec` is libjpeg, which runs on a CPU; `dct` runs on any device; `auto` is the codec.
        blur_unit: as `unit` of `GaussianBlur`.
        noise_scale: as `scale` of `GaussianNoise`.
        quantization: as `form` of `Quantization`.
        eight_bit: whether all views are rounded to uint8; otherwise they are float32 in [0, 255].
        seed: for calls that are given no seed: all of them draw the same. With None each of them draws anew.
        **kwargs: those of `keras.layers.Layer`, such as `name`.

    Raises:
        UsageError: a value out of range.
    """

    def __init__(
        self,
        operations: int = 3,
        parameters: int = 2,
        edits: str = "table1",
        leave_out: str = "none",
        jpeg: str = "codec",
        blur_unit: str = "percent",
        noise_scale: str = "standardised",
        quantization: str = "levels",
        eight_bit: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.operations = operations
        self.parameters = parameters
        self.edits = edits
        self.leave_out = leave_out
        self.settings = DegradationSettings(jpeg, blur_unit, noise_scale, quantization, eight_bit)
        self.seed = seed
        most = len(drawn_operations(edits, leave_out))
        require(self, "operations", operations in range(1, most + 1), f"1 to {most}")
        require(self, "parameters", parameters in (1, 2), "1 or 2")
        require(self, "seed", seed is None or 0 <= seed < 2**31, "None or an integer from 0 to 2147483647")

    def __call__(self, patches: tf.Tensor, seed: tf.Tensor | None = None, **kwargs: Any) -> Any:
        """Checks the patches, then does `call`; what `call` itself raises, Keras wraps in several lines."""
        check_patches(patches)
        height, width = patches.shape[1:3]
        turns = [each for each in drawn_operations(self.edits, self.leave_out) if each.name == "rotation"]
        if turns and height != width:
            raise ValueError(f"patches are {height} x {width}: expected square ones, which can be turned")
        return super().__call__(patches, seed=seed, **kwargs)

    def call(self, patches: tf.Tensor, seed: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw classes and make the views.

        Args:
            patches: uint8 `[B, H, W, 3]` with known H and W; square where rotations are drawn.
            seed: int32 `[2]`; the same seed gives the same classes and pixels. By default that of the layer.

        Returns:
            Views, uint8 `[B, V, H, W, 3]` with V = 1 + operations x parameters (float32 without `eight_bit`);
            and classes, int32 `[B, V]`, indices into `EXTENDED_CLASSES` in the order of `draw_classes`.

        Raises:
            ValueError: patches of the wrong type or shape, or not square where rotations are drawn.
        """
        if seed is None:
            seed = call_seed(self.seed)
        drawn = drawn_operations(self.edits, self.leave_out)
        draw_seed, edit_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        classes = draw_classes(tf.shape(patches)[0], self.operations, self.parameters, draw_seed, drawn)
        classes = tf.ensure_shape(classes, [None, 1 + self.operations * self.parameters])
        _, vocabulary = EDITS[self.edits]
        return degrade(patches, classes, edit_seed, self.settings, vocabulary), classes

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer."""
        own = ("operations", "parameters", "edits", "leave_out", "seed")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in own},
            **dataclasses.asdict(self.settings),
        }
