"""The endless stream of training patches: random crops of resized photos, half of them mirrored.

Everything about a patch is a function of the seed and of its position in the stream. So a resumed run gets
the same patches without replaying what came before, and the number of threads changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.photos.photo_files import decoding_error
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.pixel_cache import PixelCache
from aesthkeras.photos.random_sized import random_rectangle, resized_to_square
from aesthkeras.photos.stretches import stretch_dataset
from aesthkeras.photos.views import resize_shorter_edge

Window = Callable[[tf.Tensor], tuple[tf.Tensor | int, ...]]  # shape [2] -> top, left, height, width
Reader = Callable[..., tf.Tensor]  # photo's index, window, and its bytes if they are known -> its pixels


def patch_dataset(
    photos: PhotoSet,
    edge: int = 256,
    crop: int = 227,
    batch_size: int = 64,
    crops_per_photo: int = 1,
    seed: int = 0,
    first_step: int = 0,
    part: int = 0,
    parts: int = 1,
    shuffle_buffer: int = 0,
    crops: str = "plain",
    parallel_calls: int = tf.data.AUTOTUNE,
    prefetch: int = 2,
) -> tf.data.Dataset:
    """Return the endless stream of batches of patches.

    An epoch shows each photo `crops_per_photo` times, in an order of its own. Patches that do not fill a
    batch are the first ones of the next epoch's first batch. Places are uniformly random.

    Args:
        photos: what `inspection.inspect_photos` returned; its pixel cache is used where it has one.
        edge: length of the photos' shorter edge after the resize, in pixels.
        crop: edge of the square patches, in pixels.
        batch_size: patches in a batch.
        crops_per_photo: patches an epoch cuts from each photo.
        seed: any integer from 0.
        first_step: number of batches that are left out at the start of the stream.
        part: which rows of each batch, from 0 on; the others are neither read nor decoded.
        parts: how many equal parts a batch has; their number divides `batch_size`.
        shuffle_buffer: 0 reads each photo of a shard where it lies, in random order; otherwise shards are
            read in long stretches, and so many photos are shuffled with one another (`stretches`).
        crops: `plain` cuts squares of the patches' size, `random_sized` rectangles that are resized to it
            (`random_sized.random_rectangle`).
        parallel_calls: photos decoded at once.
        prefetch: batches kept ready.

    Returns:
        A dataset of dicts: `patches` uint8 [batch_size / parts, crop, crop, 3]; `photo` int64
        [batch_size / parts], indices into `photos.paths`; `seed` int32 [2], a seed for whatever else is
        random about these rows.

    Raises:
        UsageError: `crop` is larger than `edge`, the pixel cache is of another edge, the parts do not
            divide the batch, or a shuffle buffer is asked for where nothing is read from shards.
    """
    if crop > edge:
        raise UsageError(f"crop={crop}: expected at most resize={edge}, the photos' shorter edge")
    if photos.pixels is not None and photos.pixels.edge != edge:
        raise UsageError(f"resize={edge}: expected {photos.pixels.edge}, as the photos were cached")
    if batch_size % parts:
        raise UsageError(f"batch_size={batch_size}: expected a multiple of {parts}, the parts of a batch")
    if shuffle_buffer and (photos.slices is None or photos.pixels is not None):
        raise UsageError(f"shuffle_buffer={shuffle_buffer}: expected shards, read without a cache; or 0")
    rows = batch_size // parts
    keys = np.random.SeedSequence(seed).generate_state(4, np.uint32)
    order_key, crop_key, batch_key, size_key = (int(key) for key in keys)
    per_epoch = tf.constant(len(photos.paths) * crops_per_photo, tf.int64)
    read = _cached_reader(photos.pixels) if photos.pixels else _file_reader(photos, edge)

    @tf.autograph.experimental.do_not_convert
    def turn(place_in_part: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        step, row = place_in_part // rows, place_in_part % rows
        position = step * batch_size + part * rows + row
        epoch, place = position // per_epoch, position % per_epoch
        order_seed = tf.stack([tf.constant(order_key, tf.int64), epoch])
        shuffled = tf.random.experimental.index_shuffle(place, seed=order_seed, max_index=per_epoch - 1)
        return tf.ensure_shape(shuffled, []) // crops_per_photo, position

    @tf.autograph.experimental.do_not_convert
    def patch(photo: tf.Tensor, position: tf.Tensor, *contents: tf.Tensor) -> tuple[tf.Tensor, ...]:
        chance = tf.random.stateless_uniform([3], seed=tf.stack([tf.constant(crop_key, tf.int64), position]))
        if crops == "plain":
            pixels = read(photo, lambda shape: (*crop_at(shape, crop, chance[:2]), crop, crop), *contents)
        else:
            size_seed = tf.stack([tf.constant(size_key, tf.int64), position])
            cut = read(photo, lambda shape: random_rectangle(shape, size_seed), *contents)
            pixels = resized_to_square(cut, crop)
        pixels = tf.ensure_shape(pixels, [crop, crop, 3])
        return tf.cond(chance[2] < 0.5, lambda: tf.reverse(pixels, [1]), lambda: pixels), photo, position

    @tf.autograph.experimental.do_not_convert
    def batch(patches: tf.Tensor, photo: tf.Tensor, position: tf.Tensor) -> dict[str, tf.Tensor]:
        step = position[0] // batch_size
        seed_of_batch = tf.random.stateless_uniform(
            [2], tf.stack([tf.constant(batch_key, tf.int64), step]), minval=None, maxval=None, dtype=tf.int32
        )
        if part:  # else all parts would draw the same
            seed_of_batch = tf.random.experimental.stateless_fold_in(seed_of_batch, part)
        return {"patches": patches, "photo": photo, "seed": seed_of_batch}

    calls = {"num_parallel_calls": parallel_calls, "deterministic": True}
    if shuffle_buffer and photos.slices is not None:
        first = first_step * batch_size
        turns = stretch_dataset(photos.slices, crops_per_photo, shuffle_buffer, order_key, first)
        turns = turns.filter(lambda photo, position, contents: position % batch_size // rows == part)
        patches = turns.map(patch, **calls)
    else:
        positions = tf.data.Dataset.counter(start=first_step * rows, dtype=tf.int64)
        patches = positions.map(lambda place: patch(*turn(place)), **calls)
    return patches.batch(rows, drop_remainder=True).map(batch).prefetch(prefetch)


def steps_per_epoch(photo_count: int, batch_size: int, crops_per_photo: int = 1) -> int:
    """Return the number of batches that hold the patches of an epoch; the next epoch may share the last."""
    return max(1, -(-photo_count * crops_per_photo // batch_size))


def crop_at(shape: tf.Tensor, crop: int, chance: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return top and left, int32 [], of a crop in `shape` (int32 [2]); `chance` is float32 [2] in [0, 1)."""
    places = tf.cast(shape - crop + 1, tf.float32)
    # chance * places may be rounded up to places
    corner = tf.minimum(tf.cast(chance * places, tf.int32), shape - crop)
    return corner[0], corner[1]


def unreadable_photo(error: tf.errors.OpError) -> UsageError:
    """Return the error for a photo that passed the inspection and cannot be read during training."""
    return UsageError(f"data_dir: expected photos not to change during the run, but {decoding_error(error)}")


def _file_reader(photos: PhotoSet, edge: int) -> Reader:
    decode, contents = photos.decoder(), photos.contents()

    def read(photo: tf.Tensor, window: Window, *read_before: tf.Tensor) -> tf.Tensor:
        named = (*read_before, tf.constant("")) if read_before else contents(photo)
        pixels = resize_shorter_edge(decode(*named), edge)
        top, left, height, width = window(tf.shape(pixels)[:2])
        return pixels[top : top + height, left : left + width]

    return read


def _cached_reader(cache: PixelCache) -> Reader:
    flat, starts, shapes = cache.tensors()

    def read(photo: tf.Tensor, window: Window) -> tf.Tensor:
        shape = shapes[photo]
        top, left, height, width = window(shape)
        row = 3 * shape[1]
        # only the rows of the patch leave the cache
        begin = starts[photo] + tf.cast(top, tf.int64) * tf.cast(row, tf.int64)
        rows = tf.reshape(tf.slice(flat, [begin], [tf.cast(height * row, tf.int64)]), [height, shape[1], 3])
        return rows[:, left : left + width]

    return read
