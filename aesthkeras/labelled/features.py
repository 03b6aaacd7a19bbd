"""Pooled features of photos, extracted once into files that are mapped into memory.

A cache is a folder with one `.npy` file for each layer and an `index.json`. Its name is derived from encoder,
photos, pooling and crops. It is written under another name and renamed when it is complete; checksums are
compared when it is opened. An interrupted, damaged or foreign cache is never read but silently replaced.
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
from urllib.parse import quote

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.errors import UsageError
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.degraded_copies import degraded_copies, draw_copies
from aesthkeras.networks.pooling import describe
from aesthkeras.photos.patches import patch_dataset, unreadable_photo
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.views import center_crop, resize_shorter_edge
from aesthkeras.training.replicas import over_replicas

CACHE_INDEX = "index.json"
BATCH_SIZE = 64
CHECK_ROWS = 256  # rows read at once for a checksum

Features = dict[str, np.ndarray]  # layer -> float32 [photos, views + copies, values], mapped


def pooling_function(
    encoder: keras.Model, layers: Sequence[str], pooling: str
) -> tf.types.experimental.ConcreteFunction:
    """Compiles the way from pixels to pooled features.

    The encoder runs in inference mode; whatever no layer depends on is pruned from the graph.

    Args:
        encoder: a functional model from RGB pixel values `[N, S, S, 3]` to its outputs by name.
        layers: blocks to pool, and the embedding where it is wanted.
        pooling: one of `settings.POOLINGS`.

    Returns:
        From uint8 `[N, S, S, 3]` to float32 `[N, values]` by layer.
    """

    def pooled(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = encoder(pixels, training=False)
        return describe({name: outputs[name] for name in layers}, pooling)

    specification = tf.TensorSpec([None, *encoder.input_shape[1:]], tf.uint8)
    return tf.function(pooled, input_signature=[specification], autograph=False).get_concrete_function()


def crop_dataset(photos: PhotoSet, resize: int, crop: int, batch_size: int = BATCH_SIZE) -> tf.data.Dataset:
    """Centre crops of all photos in order, by the same steps as `serving_pixels`.

    Photos that are cached at this `resize` are read from the cache, which has the same pixels.

    Returns:
        Batches uint8 `[N, crop, crop, 3]`.
    """
    if photos.pixels is not None and photos.pixels.edge == resize:
        resized = photos.pixels.reader()
    else:
        decode, contents = photos.decoder(), photos.contents()

        def resized(photo: tf.Tensor) -> tf.Tensor:
            return resize_shorter_edge(decode(*contents(photo)), resize)

    @tf.autograph.experimental.do_not_convert
    def cropped(photo: tf.Tensor) -> tf.Tensor:
        return center_crop(resized(photo), crop)

    numbers = tf.data.Dataset.range(len(photos.paths))
    crops = numbers.map(cropped, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return crops.batch(batch_size).prefetch(2)


class Crops(NamedTuple):
    """Which crops of a photo have features: `views`, then degraded `copies`; `seed` decides both."""

    views: int
    copies: int
    seed: int


def cache_key(
    encoder: FoundEncoder,
    photos: PhotoSet,
    layers: Sequence[str],
    pooling: str,
    crops: Crops,
    chosen: np.ndarray | None = None,
) -> str:
    """SHA-256 over everything that the features depend on, in hexadecimal."""
    parts = (encoder.fingerprint, encoder.resize, encoder.crop, photos.fingerprint, len(photos.paths))
    text = "\0".join(str(part) for part in (*parts, ",".join(layers), pooling, *crops))
    digest = hashlib.sha256(text.encode())
    if chosen is not None and len(chosen) < len(photos.paths):  # all of them are no choice
        digest.update(chosen.astype(np.int64).tobytes())
    return digest.hexdigest()


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
    chosen: np.ndarray | None = None,
) -> Features:
    """The pooled features of photos, read from the cache if it has them.

    One batch is in memory at a time. On disk a value takes 4 bytes, and a view of the five blocks of an
    AlexNet at full width 190 KB.

    Args:
        encoder: what `find_encoder` returned.
        photos: what `inspect_photos` returned.
        feature_dir: folder of the caches; several runs may share it.
        layers: blocks to pool, and the embedding where it is wanted.
        pooling: one of `settings.POOLINGS`.
        views: crops of each photo. The first is the centre crop, the second its mirror image; more are random
            crops, mirrored at random, as in training.
        copies: degraded copies of the centre crop, which follow the views (`degraded_copies.py`).
        seed: decides the random crops and the copies.
        progress: whether to show a progress bar on stderr.
        chosen: int `[chosen]`, indices of the photos whose features are wanted, ascending; None for all.

    Returns:
        float32 `[chosen, views + copies, values]` by layer, mapped read-only.

    Raises:
        UsageError: the folder cannot be written, or a photo has gone since it was inspected.
    """
    crops = Crops(views, copies, seed if views > 2 or copies else 0)
    key = cache_key(encoder, photos, layers, pooling, crops, chosen)
    photos = photos if chosen is None else photos.of(chosen)
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
        (aside / CACHE_INDEX).write_text(json.dumps(index))
        shutil.rmtree(folder, ignore_errors=True)  # one that is damaged, or of another encoder
        os.rename(aside, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):  # the command has its own line for it
            raise
        raise UsageError(f"feature_dir={feature_dir}: expected to be able to write there: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    loaded = load_features(folder, key, layers)
    if loaded is None:
        raise UsageError(f"feature_dir={feature_dir}: what was written to {folder} cannot be read back")
    return loaded


def load_features(folder: Path, key: str, layers: Sequence[str]) -> Features | None:
    """The cache in `folder` if it is complete and has this key, otherwise None."""
    try:
        index = json.loads((folder / CACHE_INDEX).read_text())
        if index["key"] != key:
            return None
        features = {}
        for layer in layers:
            array = np.load(_file(folder, layer), mmap_mode="r")
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
    compute = over_replicas(pooled, encoder.model.distribute_strategy)
    count, per_photo = len(photos.paths), crops.views + crops.copies
    arrays = {}
    for name in layers:
        shape = (count, per_photo, int(pooled.structured_outputs[name].shape[-1]))
        arrays[name] = _new_array(_file(folder, name), shape)
    bar = tqdm(total=count * per_photo, desc="extracting features", unit="crop", disable=not progress)
    with contextlib.closing(bar):
        try:
            for numbers, places, pixels in _views(encoder, photos, crops):
                for name, values in compute(pixels).items():
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
    """The crops of all photos in batches: the photos' numbers, the numbers of their crops, the pixels."""
    views, copies, seed = crops
    start = 0
    classes = draw_copies(len(photos.paths), copies, seed)
    for pixels in crop_dataset(photos, encoder.resize, encoder.crop):
        numbers = np.arange(start, start + len(pixels))
        for view, cut in enumerate([pixels, pixels[:, :, ::-1]][:views]):
            yield numbers, np.full(len(numbers), view), cut
        if copies:
            degraded = degraded_copies(pixels, tf.constant(classes[numbers]), tf.constant([seed, start]))
            for copy in range(copies):
                yield numbers, np.full(len(numbers), views + copy), degraded[:, copy]
        start += len(pixels)
    crops_per_photo = views - 2
    if crops_per_photo < 1:
        return
    left = len(photos.paths) * crops_per_photo
    taken = np.full(len(photos.paths), 2)
    patches = patch_dataset(photos, encoder.resize, encoder.crop, BATCH_SIZE, crops_per_photo, seed)
    for batch in patches.take(-(-left // BATCH_SIZE)):
        numbers = batch["photo"].numpy()[:left]  # the rest of the last batch belongs to the next epoch
        places = np.empty_like(numbers)
        for row, number in enumerate(numbers):
            places[row] = taken[number]
            taken[number] += 1
        yield numbers, places, batch["patches"][: len(numbers)]
        left -= len(numbers)


def _file(folder: Path, layer: str) -> Path:
    """A layer's file; layers of other people's models may have a slash in their names."""
    return folder / f"{quote(layer, safe='')}.npy"


def _new_array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    array = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    with open(path, "r+b") as file:
        # On a full disk this raises an error; writing to the map would end in a bus error.
        os.posix_fallocate(file.fileno(), 0, os.path.getsize(path))
    return array


def _remove_abandoned(folder: Path) -> None:
    """Removes unfinished copies of this cache that killed processes left."""
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
