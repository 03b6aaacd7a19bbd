"""An encoder that looks at a larger square tile by tile, and so sees finer detail. An extension of ours.

Noise, blur and blocks live at the scale of single pixels; shrinking a photo to 256 pixels averages them away.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING

ENCODER = "of_a_tile"


class _OfTiles(keras.layers.Layer):
    """A layer that knows how many tiles an edge has."""

    def __init__(self, tiles: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tiles = tiles

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "tiles": self.tiles}


@keras.saving.register_keras_serializable(package="aesthkeras")
class Tiles(_OfTiles):
    """Squares cut up: `[N, T * S, T * S, 3]` -> `[T * T * N, S, S, 3]`, row by row, each of all photos."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Cut up a batch."""
        rows = tf.split(images, self.tiles, axis=1)
        return tf.concat([tile for row in rows for tile in tf.split(row, self.tiles, axis=2)], 0)


@keras.saving.register_keras_serializable(package="aesthkeras")
class JoinedTiles(_OfTiles):
    """Maps of tiles put side by side: `[T * T * N, H, W, C]` -> `[N, T * H, T * W, C]`."""

    def call(self, blocks: tf.Tensor) -> tf.Tensor:
        """Put a batch together."""
        parts = tf.split(blocks, self.tiles**2, axis=0)
        rows = [parts[start : start + self.tiles] for start in range(0, len(parts), self.tiles)]
        return tf.concat([tf.concat(row, axis=2) for row in rows], 1)


@keras.saving.register_keras_serializable(package="aesthkeras")
class Shrunk(_OfTiles):
    """Squares at the size of one tile: `[N, T * S, T * S, 3]` -> `[N, S, S, 3]`, rounded as pixels are."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Shrink a batch."""
        images = tf.cast(images, tf.float32)
        return tf.round(tf.nn.avg_pool2d(images, self.tiles, self.tiles, "VALID"))


def in_tiles(encoder: keras.Model, tiles: int) -> keras.Model:
    """An encoder for squares `tiles` times as large.

    Args:
        encoder: a functional model from pixel values `[N, S, S, 3]` to its outputs by name. Of one that is
            itself in tiles, the encoder of a tile is taken.
        tiles: tiles T along an edge; 1 for the encoder of a tile.

    Returns:
        A functional model that shares the weights: RGB pixel values in [0, 255], `[N, T * S, T * S, 3]`, to
        blocks whose maps lie side by side and, where the encoder has one, the embedding of the whole square
        shrunk to the size of a tile. So the head that tells degradations apart gets the input that it was
        trained on.
    """
    if any(layer.name == ENCODER for layer in encoder.layers):
        encoder = encoder.get_layer(ENCODER)
    if tiles == 1:
        return encoder
    size = tiles * encoder.input_shape[1]
    pixels = keras.Input((size, size, 3), name="pixels")
    of_a_tile = keras.Model(encoder.input, encoder.output, name=ENCODER)
    seen = of_a_tile(Tiles(tiles, name="tiles")(pixels))
    outputs = {
        name: JoinedTiles(tiles, name=name, dtype=output.dtype)(output)
        for name, output in seen.items()
        if name != EMBEDDING
    }
    if EMBEDDING in seen:
        outputs[EMBEDDING] = of_a_tile(Shrunk(tiles, name="shrunk", dtype="float32")(pixels))[EMBEDDING]
    return keras.Model(pixels, outputs, name=f"{encoder.name}_in_tiles")
