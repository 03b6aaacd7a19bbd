"""Pooled features of every photo, extracted once into files that are mapped into memory.

A cache is a folder with one `.npy` a layer and an `index.json`. It is written aside and renamed when whole,
its name is derived from encoder, photos, pooling and crops, and checksums are compared when it is opened: an
interrupted, damaged or foreign cache is made anew without a word, and never read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tqdm import tqdm

from aesthkeras.errors import UsageError
from aesthkeras.labelled.degraded_copies import degraded_copies, draw_copies
from aesthkeras.networks.find import FoundEncoder
from aesthkeras.networks.pooling import describe
from aesthkeras.photos.patches import patch_dataset, unreadable_photo
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.views import center_crop, resize_shorter_edge

INDEX = "index.json"
BATCH_SIZE = 64
CHECK_ROWS = 256  # rows read at once for a checksum

Features = dict[str, np.ndarray]  # layer -> float32 [photos, views + copies, values], mapped


def pooling_function(encoder: keras.Model, layers: Sequence[str], pooling: str) -> Any:
    """Pixel values to pooled features: uint8 `[N, S, S, 3]` -> float32 `[N, values]` by layer.

    The encoder runs in inference mode; what lies behind the highest layer is pruned from the graph.
    """

    def pooled(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = encoder(pixels, training=False)
        return describe({name: outputs[name] for name in layers}, pooling)

    specification = tf.TensorSpec([None, *encoder.input_shape[1:]], tf.uint8)
    return tf.function(pooled, input_signature=[specification]).get_concrete_function()


def crop_dataset(photos: PhotoSet, resize: int, crop: int, batch_size: int = BATCH_SIZE) -> tf.data.Dataset:
    """Centre crops of all photos in order, by the very steps of `serving_pixels`.

    Where the photos are cached at this `resize`, their pixels are taken from there, which are the same.

    Returns:
        Batches uint8 `[N, crop, crop, 3]`.
    """
    if photos.pixels is not None and photos.pixels.edge == resize:
        resized = photos.pixels.reader()
    else:
        decode, contents = photos.decoder(), photos.contents()

        def resized(photo: tf.Tensor) -> tf.Tensor:
            return resize_shorter_edge(decode(*contents(photo)), resize)

    numbers = tf.data.Dataset.range(len(photos.paths))
    crops = numbers.map(
        lambda photo: center_crop(resized(photo), crop),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    return crops.batch(batch_size).prefetch(2)


class Crops(NamedTuple):
    """Which crops of a photo are described: `views`, then degraded `copies`; `seed` decides both."""

    views: int
    copies: int
    seed: int


def cache_key(
    encoder: FoundEncoder, photos: PhotoSet, layers: Sequence[str], pooling: str, crops: Crops
) -> str:
    """SHA-256 over everything that decides the features, in hexadecimal."""
    parts = (encoder.fingerprint, encoder.resize, encoder.crop, photos.fingerprint, len(photos.paths))
    text = "\0".join(str(part) for part in (*parts, ",".join(layers), pooling, *crops))
    return hashlib.sha256(text.encode()).hexdigest()


def extract_features(
    encoder: FoundEncoder,
    photos: PhotoSet,
    feature_dir: str | os.PathLike[str],
    layers: Sequence[str],
    pooling: str = "vissl",
    views: int = 1,
    copies: int = 0,
    seed: int = 0,
    progress: bool = True,
) -> Features:
    """The pooled features of all photos, from the cache where it has them.

    One batch is in memory at a time. On disk a view takes 4 bytes a value: 190 KB at full width.

    Args:
        encoder: what `find_encoder` returned.
        photos: what `inspect_photos` returned.
        feature_dir: folder of the caches; several runs may share it.
        layers: blocks to pool, and `embedding` where it is wanted.
        pooling: one of `settings.POOLINGS`.
        views: crops of each photo: the middle; from 2 on also its mirror image; more are random crops,
            mirrored by chance, as in training.
        copies: degraded copies of the middle crop, which come behind the views (`degraded_copies.py`).
        seed: decides the random crops and the copies.
        progress: whether to show a progress bar on stderr.

    Returns:
        float32 `[photos, views + copies, values]` by layer, mapped read-only.

    Raises:
        UsageError: the folder cannot be written, or a photo is gone since it was inspected.
    """
    crops = Crops(views, copies, seed if views > 2 or copies else 0)
    key = cache_key(encoder, photos, layers, pooling, crops)
    folder = Path(feature_dir) / key[:16]
    found = load_features(folder, key, layers)
    if found is not None:
        return found
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.aside")
    try:
        _remove_abandoned(folder)
        aside.mkdir(parents=True)
        shapes = _write_features(aside, encoder, photos, layers, pooling, crops, progress)
        index = {"key": key, "layers": shapes}
        (aside / INDEX).write_text(json.dumps(index))
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or of another encoder
        os.rename(aside, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):  # the command has a line for it
            raise
        raise UsageError(
            f"feature_dir={feature_dir}: expected to be able to write there: {error}"
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    loaded = load_features(folder, key, layers)
    if loaded is None:
        raise UsageError(f"feature_dir={feature_dir}: what was written to {folder} cannot be read back")
    return loaded


def load_features(folder: Path, key: str, layers: Sequence[str]) -> Features | None:
    """The cache in `folder` if it is whole and has this very key, otherwise None."""
    try:
        index = json.loads((folder / INDEX).read_text())
        if index["key"] != key:
            return None
        features = {}
        for layer in layers:
            array = np.load(folder / f"{layer}.npy", mmap_mode="r")
            described = index["layers"][layer]
            if list(array.shape) != described["shape"] or array.dtype != np.float32:
                return None
            if checksum(array) != described["crc32"]:
                return None
            features[layer] = array
        return features
    except (OSError, ValueError, KeyError, TypeError):
        return None


def checksum(array: np.ndarray) -> int:
    """CRC-32 of an array's bytes, a few rows at a time."""
    value = 0
    for start in range(0, len(array), CHECK_ROWS):
        value = zlib.crc32(np.ascontiguousarray(array[start : start + CHECK_ROWS]).data, value)
    return value


def _write_features(
    folder: Path,
    encoder: FoundEncoder,
    photos: PhotoSet,
    layers: Sequence[str],
    pooling: str,
    crops: Crops,
    progress: bool,
) -> dict[str, dict[str, Any]]:
    pooled = pooling_function(encoder.model, layers, pooling)
    count, per_photo = len(photos.paths), crops.views + crops.copies
    arrays = {}
    for name in layers:
        shape = (count, per_photo, int(pooled.structured_outputs[name].shape[-1]))
        arrays[name] = _new_array(folder / f"{name}.npy", shape)
    bar = tqdm(total=count * per_photo, desc="extracting features", unit="crop", disable=not progress)
    with contextlib.closing(bar):
        try:
            for numbers, places, pixels in _views(encoder, photos, crops):
                for name, values in pooled(pixels).items():
                    arrays[name][numbers, places] = values.numpy()
                bar.update(len(numbers))
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
            raise unreadable_photo(error) from error
    for array in arrays.values():
        array.flush()  # type: ignore[attr-defined]
    return {name: {"shape": list(array.shape), "crc32": checksum(array)} for name, array in arrays.items()}


def _views(
    encoder: FoundEncoder, photos: PhotoSet, crops: Crops
) -> Iterator[tuple[np.ndarray, np.ndarray, tf.Tensor]]:
    """The crops of all photos, batch by batch: the photos' numbers, which of their crops, the pixels."""
    views, copies, seed = crops
    start = 0
    classes = draw_copies(len(photos.paths), copies, seed)
    for pixels in crop_dataset(photos, encoder.resize, encoder.crop):
        numbers = np.arange(start, start + len(pixels))
        for view, cut in enumerate([pixels, pixels[:, :, ::-1]][:views]):
            yield numbers, np.full(len(numbers), view), cut
        if copies:
            spoilt = degraded_copies(pixels, tf.constant(classes[numbers]), tf.constant([seed, start]))
            for copy in range(copies):
                yield numbers, np.full(len(numbers), views + copy), spoilt[:, copy]
        start += len(pixels)
    crops_per_photo = views - 2
    if crops_per_photo < 1:
        return
    left = len(photos.paths) * crops_per_photo
    taken = np.full(len(photos.paths), 2)
    patches = patch_dataset(photos, encoder.resize, encoder.crop, BATCH_SIZE, crops_per_photo, seed)
    for batch in patches.take(-(-left // BATCH_SIZE)):
        numbers = batch["photo"].numpy()[:left]  # the rest of the last batch is the next epoch's
        places = np.empty_like(numbers)
        for row, number in enumerate(numbers):
            places[row] = taken[number]
            taken[number] += 1
        yield numbers, places, batch["patches"][: len(numbers)]
        left -= len(numbers)


def _new_array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    array = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    with open(path, "r+b") as file:
        # On a full disk this is an error, writing to the map would be a bus error.
        os.posix_fallocate(file.fileno(), 0, os.path.getsize(path))
    return array


def _remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left of this cache."""
    for left in folder.parent.glob(f".{folder.name}.*.aside"):
        process = left.name.split(".")[-2]
        if process.isdecimal() and not _is_running(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return process != os.getpid()
