"""The Keras layer that all degradations derive from."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import keras
import tensorflow as tf

from aesthkeras.settings import require

WHITE = 255.0
"""White on the scale that `Degradation.edit` works on; black is 0."""


class Degradation(keras.layers.Layer):
    """A Keras layer that degrades photos by one operation of Table 1, or of the extension.

    Photos are uint8, or floats within `value_range`; one photo `[H, W, 3]` or a batch `[N, H, W, 3]`. The
    result has the same shape and type: uint8 is rounded half up, floats are not rounded and stay within
    `value_range`. The arithmetic is float32 under every precision policy.

        blur = aesthkeras.degradations.GaussianBlur(0.8)
        blur(photo)                                  # eagerly
        photos.map(blur)                             # in a tf.data pipeline
        keras.Sequential([keras.Input((224, 224, 3)), blur, network])

    Before `keras.models.load_model` reads a model with such a layer, import the layer, as Keras asks of every
    layer that is not its own.

    A layer of your own derives from this one, writes `edit`, and names its arguments in `arguments`. If it
    draws random numbers, it sets `random = True`.

    Args:
        value_range: black and white of float photos; uint8 photos always reach from 0 to 255.
        seed: for calls that are given no seed: all of them draw the same random numbers. With None every such
            call draws new ones; `tf.random.set_seed` makes them repeatable.
        **kwargs: those of `keras.layers.Layer`, such as `name`.

    Raises:
        UsageError: a value out of range.
    """

    arguments: ClassVar[tuple[str, ...]] = ()
    """The attributes that are arguments of the layer's own, for `get_config`."""

    random: ClassVar[bool] = False
    """Whether the result depends on the seed."""

    def __init__(
        self, *, value_range: tuple[float, float] = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        # Without autocast: a mixed precision policy must not round photos to 8 significant bits.
        super().__init__(autocast=False, **kwargs)
        self.value_range = tuple(value_range)
        self.seed = seed
        black, white = self.value_range
        require(self, "value_range", -math.inf < black < white < math.inf, "black below white, both finite")
        require(self, "seed", seed is None or 0 <= seed < 2**31, "None or an integer from 0 to 2147483647")

    def __call__(self, images: tf.Tensor, seed: tf.Tensor | None = None, **kwargs: Any) -> tf.Tensor:
        """Checks the photos, then does `call`; what `call` itself raises, Keras wraps in several lines."""
        check_photos(images)
        return super().__call__(images, seed=seed, **kwargs)

    def call(self, images: tf.Tensor, seed: tf.Tensor | None = None) -> tf.Tensor:
        """Degrade photos.

        Args:
            images: uint8, or floats within `value_range`; `[H, W, 3]` or `[N, H, W, 3]` with known H and W.
            seed: int32 `[2]`; the same seed gives the same pixels. By default that of the layer.

        Returns:
            The degraded photos, of the same shape and type.

        Raises:
            ValueError: photos of another type or shape, or of unknown height or width.
        """
        images = tf.convert_to_tensor(images)
        if self.random and seed is None:
            seed = call_seed(self.seed)
        one = images.shape.rank == 3
        batch = images[tf.newaxis] if one else images
        if images.dtype == tf.uint8:
            edited = to_eight_bit(self.edit(batch, seed))
        else:
            edited = self._from_levels(self.edit(self._to_levels(batch), seed), images.dtype)
        return edited[0] if one else tf.ensure_shape(edited, [images.shape[0], None, None, 3])

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """Degrade a batch on the scale from 0 to 255: what `call` and `batch.degrade` share.

        Args:
            images: uint8 `[N, H, W, 3]` with known H and W, or float32 in [0, 255].
            seed: int32 `[2]`; may be None where the layer is not `random`.

        Returns:
            `[N, H, W, 3]`: uint8 where `images` are uint8 and the operation gives whole numbers by itself,
            otherwise float32 in [0, 255], not rounded.
        """
        raise NotImplementedError(f"{type(self).__name__}.edit: expected in every degradation")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer, as Keras saves them."""
        own = {name: getattr(self, name) for name in ("value_range", "seed", *self.arguments)}
        return {**super().get_config(), **own}

    def _to_levels(self, images: tf.Tensor) -> tf.Tensor:
        """Floats within `value_range` as float32 in [0, 255]."""
        black, white = self.value_range
        levels = tf.cast(images, tf.float32)
        if (black, white) != (0, WHITE):
            levels = (levels - black) * (WHITE / (white - black))
        return tf.clip_by_value(levels, 0.0, WHITE)

    def _from_levels(self, levels: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        """float32 in [0, 255] as floats within `value_range`."""
        black, white = self.value_range
        # A sum of weights may pass white by a rounding.
        levels = tf.clip_by_value(levels, 0.0, WHITE)
        if (black, white) != (0, WHITE):
            levels = levels * ((white - black) / WHITE) + black
        return tf.cast(levels, dtype)


def check_photos(images: tf.Tensor) -> None:
    """Check type and shape of what a layer is called on.

    Raises:
        ValueError: neither uint8 nor float, neither `[H, W, 3]` nor `[N, H, W, 3]`, or H or W unknown.
    """
    if not hasattr(images, "dtype"):
        raise ValueError(f"images are a {type(images).__name__}: expected a tensor or an array")
    dtype, shape = tf.as_dtype(images.dtype), tf.TensorShape(images.shape)
    if dtype != tf.uint8 and not dtype.is_floating:
        raise ValueError(f"images are {dtype.name}: expected uint8 or floats")
    if shape.rank not in (3, 4) or shape[-1] != 3 or None in shape.as_list()[-3:]:
        raise ValueError(f"images have shape {shape}: expected [H, W, 3] or [N, H, W, 3] with known H and W")


def call_seed(seed: int | None) -> tf.Tensor:
    """The seed, int32 `[2]`, of a call that is given none: made from the layer's, or drawn."""
    if seed is None:
        return tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
    return tf.constant([seed, 0], tf.int32)


def to_eight_bit(images: tf.Tensor) -> tf.Tensor:
    """Round float32 in [0, 255] to uint8, half up; uint8 stays as it is."""
    return images if images.dtype == tf.uint8 else tf.cast(images + 0.5, tf.uint8)
