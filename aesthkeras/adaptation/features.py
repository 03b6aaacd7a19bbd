"""Pooled features of every photo, extracted once into files that are mapped into memory.

A cache is a folder with one `.npy` a layer and an `index.json`. It is written aside and renamed when whole,
its name is derived from encoder, photos, pooling, crop and mirroring, and checksums are compared when it is
opened: an interrupted, damaged or foreign cache is made anew without a word, and never read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tqdm import tqdm

from aesthkeras.adaptation.pooling import pool_blocks
from aesthkeras.data.inspection import PhotoSet
from aesthkeras.data.patches import unreadable_photo
from aesthkeras.data.views import center_crop, resize_shorter_edge
from aesthkeras.encoders.find import FoundEncoder
from aesthkeras.errors import UsageError

INDEX = "index.json"
BATCH_SIZE = 64
CHECK_ROWS = 256  # rows read at once for a checksum

Features = dict[str, np.ndarray]  # layer -> float32 [photos, views, values], mapped


def pooling_function(encoder: keras.Model, layers: Sequence[str], pooling: str) -> Any:
    """Pixel values to pooled features: uint8 `[N, S, S, 3]` -> float32 `[N, values]` by layer.

    The encoder runs in inference mode; what lies behind the highest layer is pruned from the graph.
    """

    def pooled(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = encoder(pixels, training=False)
        return pool_blocks({name: outputs[name] for name in layers}, pooling)

    specification = tf.TensorSpec([None, *encoder.input_shape[1:]], tf.uint8)
    return tf.function(pooled, input_signature=[specification]).get_concrete_function()


def crop_dataset(photos: PhotoSet, resize: int, crop: int, batch_size: int = BATCH_SIZE) -> tf.data.Dataset:
    """Centre crops of all photos in order, by the very steps of `serving_pixels`.

    Returns:
        Batches uint8 `[N, crop, crop, 3]`.
    """
    decode, contents = photos.decoder(), photos.contents()

    def read(photo: tf.Tensor) -> tf.Tensor:
        return center_crop(resize_shorter_edge(decode(*contents(photo)), resize), crop)

    numbers = tf.data.Dataset.range(len(photos.paths))
    crops = numbers.map(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return crops.batch(batch_size).prefetch(2)


def cache_key(
    encoder: FoundEncoder, photos: PhotoSet, layers: Sequence[str], pooling: str, mirror: bool
) -> str:
    """SHA-256 over everything that decides the features, in hexadecimal."""
    parts = (encoder.fingerprint, encoder.resize, encoder.crop, photos.fingerprint, len(photos.paths))
    text = "\0".join(str(part) for part in (*parts, ",".join(layers), pooling, mirror))
    return hashlib.sha256(text.encode()).hexdigest()


def extract_features(
    encoder: FoundEncoder,
    photos: PhotoSet,
    feature_dir: str | os.PathLike[str],
    layers: Sequence[str],
    pooling: str = "vissl",
    mirror: bool = False,
    progress: bool = True,
) -> Features:
    """The pooled features of all photos, from the cache where it has them.

    One batch is in memory at a time. On disk a photo takes 4 bytes a value: 190 KB at full width, twice that
    with `mirror`.

    Args:
        encoder: what `find_encoder` returned.
        photos: what `inspect_photos` returned.
        feature_dir: folder of the caches; several runs may share it.
        layers: blocks to pool.
        pooling: one of `pooling.POOLINGS`.
        mirror: adds the features of the mirrored crop as a second view.
        progress: whether to show a progress bar on stderr.

    Returns:
        float32 `[photos, views, values]` by layer, mapped read-only; views is 2 with `mirror`, otherwise 1.

    Raises:
        UsageError: the folder cannot be written, or a photo is gone since it was inspected.
    """
    key = cache_key(encoder, photos, layers, pooling, mirror)
    folder = Path(feature_dir) / key[:16]
    found = load_features(folder, key, layers)
    if found is not None:
        return found
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.aside")
    try:
        _remove_abandoned(folder)
        aside.mkdir(parents=True)
        shapes = _write_features(aside, encoder, photos, layers, pooling, mirror, progress)
        index = {"key": key, "layers": shapes}
        (aside / INDEX).write_text(json.dumps(index))
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or of another encoder
        os.rename(aside, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):  # the command has a line for it
            raise
        raise UsageError(
            f"--feature_dir={feature_dir}: expected to be able to write there: {error}"
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    loaded = load_features(folder, key, layers)
    if loaded is None:
        raise UsageError(f"--feature_dir={feature_dir}: what was written to {folder} cannot be read back")
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
    mirror: bool,
    progress: bool,
) -> dict[str, dict[str, Any]]:
    pooled = pooling_function(encoder.model, layers, pooling)
    count = len(photos.paths)
    arrays = {}
    for name in layers:
        shape = (count, 2 if mirror else 1, int(pooled.structured_outputs[name].shape[-1]))
        arrays[name] = _new_array(folder / f"{name}.npy", shape)
    start = 0
    bar = tqdm(total=count, desc="extracting features", unit="photo", disable=not progress)
    with contextlib.closing(bar):
        try:
            for pixels in crop_dataset(photos, encoder.resize, encoder.crop):
                for view, crops in enumerate([pixels, pixels[:, :, ::-1]] if mirror else [pixels]):
                    for name, values in pooled(crops).items():
                        arrays[name][start : start + len(pixels), view] = values.numpy()
                start += len(pixels)
                bar.update(len(pixels))
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
            raise unreadable_photo(error) from error
    for array in arrays.values():
        array.flush()  # type: ignore[attr-defined]
    return {name: {"shape": list(array.shape), "crc32": checksum(array)} for name, array in arrays.items()}


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
