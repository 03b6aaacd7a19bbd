"""Batch-norm statistics for an encoder that was never trained."""

from __future__ import annotations

import tempfile

import keras

from aesthkeras.encoders.keras_graph import every_layer
from aesthkeras.errors import UsageError
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.shard_index import find_index
from aesthkeras.photos.shard_photos import shard_photos
from aesthkeras.photos.sources import find_photos

CALIBRATION_PHOTOS = 512
CALIBRATION_BATCHES = 8
CALIBRATION_BATCH = 64


def calibration_photos(calibration_dir: str, resize: int) -> PhotoSet:
    """Up to 512 photos, spread evenly over a folder, so that no sub-folder stands for all.

    Those of a folder are kept decoded: up to 512 x 256 x 400 x 3 bytes, 150 MB.

    Args:
        calibration_dir: a folder of photos or of shards (their training part), or `samples`.
        resize: length of their shorter edge in pixels.

    Raises:
        UsageError: there are none.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            shards = find_index(calibration_dir)
            if shards:
                photos = shard_photos(shards, folder, progress=False)
                return photos.of(_spread_evenly(len(photos.paths)))
            paths = find_photos(calibration_dir)
            chosen = sorted({paths[index] for index in _spread_evenly(len(paths))})
            return inspect_photos(chosen, folder, edge=resize, cache="memory", progress=False)
    except UsageError as error:
        text = str(error).replace("data_dir", "calibration_dir")
        raise UsageError(text) from error


def _spread_evenly(count: int) -> list[int]:
    """Up to 512 of so many places, ascending."""
    return sorted({count * k // CALIBRATION_PHOTOS for k in range(CALIBRATION_PHOTOS)})


def calibrate(model: keras.Model, photos: PhotoSet, resize: int, seed: int = 0) -> None:
    """Set batch-norm statistics to those of 512 random patches: the mean over eight batches of 64.

    With the initial ones, mean 0 and deviation 1, activations would vanish or explode.

    Args:
        model: an encoder; its moving means and variances are overwritten, its kernels are not.
        photos: any photos, no labels needed.
        resize: length of their shorter edge before the crop.
        seed: decides the patches.
    """
    normalizations = [
        part for part in every_layer(model) if isinstance(part, keras.layers.BatchNormalization)
    ]
    momenta = [layer.momentum for layer in normalizations]
    patches = patch_dataset(photos, resize, model.input_shape[1], CALIBRATION_BATCH, seed=seed)
    for step, batch in enumerate(patches.take(CALIBRATION_BATCHES)):
        for layer in normalizations:
            layer.momentum = step / (step + 1)  # the running mean over batches, from the first on
        model(batch["patches"], training=True)
    for layer, momentum in zip(normalizations, momenta):
        layer.momentum = momentum
