"""Uniform bars along the edges of a photo, as film and screens add them: found and cut off, in a graph.

The rule is strict, since skies at night and white backgrounds are uniform, too. A bar is black or white in
all its pixels; there is one on each of two opposite sides, about equally thick; and the picture begins at its
edge all at once, along most of the edge.
"""

from __future__ import annotations

import tensorflow as tf

BLACK, WHITE = 16, 239  # a bar's pixels are at most, or at least, so bright in all channels
THINNEST, THICKEST = 0.02, 0.36  # shares of the edge
PICTURE = 16  # levels by which a pixel of the picture is beyond that in one of them
BEGINS_IN = 8  # lines in which the picture begins: JPEG blurs the edge over one block
ALONG = 0.5  # share of the pixels of such a line that are picture
_PIXELS_OF_A_LINE = 64  # about so many are looked at


def without_bars(photo: tf.Tensor) -> tf.Tensor:
    """Return a photo without bars above and below, and then without bars on both sides.

    Args:
        photo: uint8 [height, width, 3].

    Returns:
        uint8 [height, width, 3]; `photo` itself where there are no bars.
    """
    top, bottom = _bars(photo)
    photo = photo[top : tf.shape(photo)[0] - bottom]
    left, right = _bars(tf.transpose(photo[:: _step(photo, 0)], [1, 0, 2]))
    return tf.ensure_shape(photo[:, left : tf.shape(photo)[1] - right], [None, None, 3])


def _bars(photo: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """How many lines the bars at the first and the last line of the first axis have: zeros for none."""
    lines = photo[:, :: _step(photo, 1)]
    darkest, brightest = tf.reduce_min(lines, [1, 2]), tf.reduce_max(lines, [1, 2])
    is_light = tf.reduce_max(lines, 2) >= BLACK + PICTURE
    is_dark = tf.reduce_min(lines, 2) <= WHITE - PICTURE
    black = _pair(brightest <= BLACK, is_light)
    white = _pair(darkest >= WHITE, is_dark)
    found = tf.where(black[0] > 0, black, white)
    return found[0], found[1]


def _pair(is_bar: tf.Tensor, is_picture: tf.Tensor) -> tf.Tensor:
    """Lines of the two bars, int32 [2], from which lines are uniform and which pixels are picture."""
    begins = tf.reduce_mean(tf.cast(is_picture, tf.float32), 1) >= ALONG
    first, second = _one(is_bar, begins), _one(is_bar[::-1], begins[::-1])
    count = tf.size(is_bar)
    thinner, thicker = tf.minimum(first, second), tf.maximum(first, second)
    share = tf.cast(tf.stack([thinner, thicker]), tf.float32) / tf.cast(count, tf.float32)
    is_pair = (
        (share[0] >= THINNEST)
        & (share[1] <= THICKEST)
        & (thicker - thinner <= tf.maximum(BEGINS_IN, thicker // 10))
    )
    return tf.where(is_pair, tf.stack([first, second]), [0, 0])


def _one(is_bar: tf.Tensor, begins: tf.Tensor) -> tf.Tensor:
    """Lines ahead of the picture; 0 where it does not begin all at once."""
    uniform = tf.reduce_sum(tf.math.cumprod(tf.cast(is_bar, tf.int32)))
    following = tf.cast(begins[uniform : uniform + BEGINS_IN], tf.int32)
    ahead = tf.reduce_sum(tf.math.cumprod(1 - following))
    return tf.where(tf.reduce_any(following > 0) & (uniform > 0), uniform + ahead, 0)


def _step(photo: tf.Tensor, axis: int) -> tf.Tensor:
    return tf.maximum(1, tf.shape(photo)[axis] // _PIXELS_OF_A_LINE)
