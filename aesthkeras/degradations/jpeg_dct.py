"""Baseline JPEG as tensor algebra: what libjpeg does to pixels, in batches and without its codec.

Only the lossy steps are here, since entropy coding loses nothing: colour conversion, 2x2 chroma averaging,
8x8 cosine transform, quantization and the way back with libjpeg's triangular ("fancy") upsampling. Values are
rounded wherever libjpeg holds integers (ITU-T T.81; T.871 for colour; IJG's jcsample.c, jdsample.c for the
rounding).
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

_BLOCK = 8
_MCU = 16

# ITU-T T.81 Annex K: tables K.1 (luminance) and K.2 (chrominance).
_LUMINANCE = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
])  # fmt: skip
_CHROMINANCE = np.full((8, 8), 99)
_CHROMINANCE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]


def quantization_tables(quality: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the luminance and chrominance tables `[8, 8]` for a quality from 1 to 100 (IJG's formula)."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    luminance, chrominance = (
        np.clip((table * scale + 50) // 100, 1, 255) for table in (_LUMINANCE, _CHROMINANCE)
    )
    return luminance, chrominance


def _cosine_matrix() -> np.ndarray:
    """Return the `[64, 64]` matrix of the orthonormal 2-D transform of a flattened 8x8 block."""
    frequency, place = np.arange(_BLOCK)[:, None], np.arange(_BLOCK)[None, :]
    matrix = np.cos((2 * place + 1) * frequency * np.pi / (2 * _BLOCK)) * np.sqrt(2 / _BLOCK)
    matrix[0] /= np.sqrt(2)
    return np.kron(matrix, matrix)


def _exact_product(values: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """Multiply `[..., K]` integers below 2048 by a matrix, without loss where a GPU multiplies in TF32.

    TF32 keeps 11 significant bits: enough for the integers, and for the matrix split in two terms.
    """
    coarse = np.round(matrix * 1024) / 1024
    return tf.matmul(values, coarse.astype(np.float32)) + tf.matmul(
        values, (matrix - coarse).astype(np.float32)
    )


def _round(values: tf.Tensor) -> tf.Tensor:
    return tf.floor(values + 0.5)


def _to_ycc(rgb: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Convert as jccolor.c does, in units of 2^-16: sums below 2^24, which float32 holds in any order."""
    red, green, blue = tf.unstack(rgb, axis=-1)
    half, center = 32768.0, 128.0 * 65536.0
    luma = 19595.0 * red + 38470.0 * green + 7471.0 * blue + half
    # chroma rounds half down, luma half up
    cb = half * blue - 11059.0 * red - 21709.0 * green + (center + half - 1.0)
    cr = half * red - 27439.0 * green - 5329.0 * blue + (center + half - 1.0)
    return tf.floor(luma / 65536.0), tf.floor(cb / 65536.0), tf.floor(cr / 65536.0)


def _to_rgb(luma: tf.Tensor, cb: tf.Tensor, cr: tf.Tensor) -> tf.Tensor:
    cb, cr = cb - 128.0, cr - 128.0
    # jdcolor.c rounds what chroma adds, not the sum.
    red = luma + _round(1.402 * cr)
    green = luma + _round(-0.344136286 * cb - 0.714136286 * cr)
    blue = luma + _round(1.772 * cb)
    return tf.clip_by_value(tf.stack([red, green, blue], axis=-1), 0.0, 255.0)


def _pad_edges(plane: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Repeat the last row and column of `[N, h, w]` until it is `[N, height, width]`."""
    rows, columns = height - int(plane.shape[1]), width - int(plane.shape[2])
    if rows:
        plane = tf.concat([plane, tf.repeat(plane[:, -1:], rows, axis=1)], axis=1)
    if columns:
        plane = tf.concat([plane, tf.repeat(plane[:, :, -1:], columns, axis=2)], axis=2)
    return plane


def _halve(plane: tf.Tensor) -> tf.Tensor:
    """Average 2x2 pixels of `[N, H, W]` (even H, W); halves round down and up in turn along a row."""
    total = plane[:, 0::2, 0::2] + plane[:, 0::2, 1::2] + plane[:, 1::2, 0::2] + plane[:, 1::2, 1::2]
    bias = 1.0 + np.arange(int(plane.shape[2]) // 2, dtype=np.float32) % 2
    return tf.floor((total + bias) * 0.25)


def _double(plane: tf.Tensor) -> tf.Tensor:
    """Upsample `[N, h, w]` to `[N, 2 h, 2 w]`: weights 3/4 and 1/4 on each axis, edges repeated."""
    above = tf.concat([plane[:, :1], plane[:, :-1]], axis=1)
    below = tf.concat([plane[:, 1:], plane[:, -1:]], axis=1)
    tall = tf.stack([3.0 * plane + above, 3.0 * plane + below], axis=2)
    shape = tf.shape(plane)
    tall = tf.reshape(tall, [-1, 2 * int(plane.shape[1]), int(plane.shape[2])])
    left = tf.concat([tall[:, :, :1], tall[:, :, :-1]], axis=2)
    right = tf.concat([tall[:, :, 1:], tall[:, :, -1:]], axis=2)
    # jdsample.c: sixteenths round with 8 to the left and 7 to the right.
    wide = tf.stack([3.0 * tall + left + 8.0, 3.0 * tall + right + 7.0], axis=3)
    wide = tf.reshape(wide, [shape[0], 2 * int(plane.shape[1]), 2 * int(plane.shape[2])])
    return tf.floor(wide / 16.0)


def _through_blocks(plane: tf.Tensor, table: np.ndarray) -> tf.Tensor:
    """Transform `[N, h, w]` (multiples of 8) in 8x8 blocks, quantize, and transform back to 8-bit values."""
    height, width = int(plane.shape[1]), int(plane.shape[2])
    rows, columns = height // _BLOCK, width // _BLOCK
    blocks = tf.transpose(tf.reshape(plane - 128.0, [-1, rows, _BLOCK, columns, _BLOCK]), [0, 1, 3, 2, 4])
    matrix = _cosine_matrix()
    steps = table.reshape(-1).astype(np.float32)
    spectrum = _exact_product(tf.reshape(blocks, [-1, _BLOCK * _BLOCK]), matrix.T)
    # A graph makes `/` of a constant a product with its reciprocal, which is not exact.
    spectrum = tf.math.divide_no_nan(spectrum, steps)
    # Half away from zero, as in jcdctmgr.c.
    quantized = tf.sign(spectrum) * _round(tf.abs(spectrum))
    blocks = _exact_product(quantized * steps, matrix)
    blocks = tf.transpose(tf.reshape(blocks, [-1, rows, columns, _BLOCK, _BLOCK]), [0, 1, 3, 2, 4])
    restored = _round(tf.reshape(blocks, [-1, height, width])) + 128.0
    return tf.clip_by_value(restored, 0.0, 255.0)


def _up_to(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def compress(images: tf.Tensor, quality: int) -> tf.Tensor:
    """Compress and decompress uint8 `[N, H, W, 3]` with 4:2:0 chroma; H and W must be known.

    Args:
        images: uint8 `[N, H, W, 3]`.
        quality: from 1 to 100.

    Returns:
        uint8 `[N, H, W, 3]`.
    """
    height, width = int(images.shape[1]), int(images.shape[2])
    tall, wide = _up_to(height, _MCU), _up_to(width, _MCU)
    luminance, chrominance = quantization_tables(quality)
    luma, cb, cr = _to_ycc(tf.cast(images, tf.float32))
    luma = _through_blocks(_pad_edges(luma, tall, wide), luminance)[:, :height, :width]

    def chroma(plane: tf.Tensor) -> tf.Tensor:
        # libjpeg widens before it averages, but lengthens after.
        half = _halve(_pad_edges(plane, _up_to(height, 2), wide))
        half = _through_blocks(_pad_edges(half, tall // 2, wide // 2), chrominance)
        half = half[:, : (height + 1) // 2, : (width + 1) // 2]
        return _double(half)[:, :height, :width]

    return tf.cast(_to_rgb(luma, chroma(cb), chroma(cr)), tf.uint8)
