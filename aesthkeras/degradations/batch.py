"""The degradations of a whole batch: each class is applied once, to all views that ask for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from aesthkeras.degradations import (
    contrast,
    downsampling,
    exposure,
    gaussian_blur,
    gaussian_noise,
    haze,
    jpeg,
    mixup,
    motion_blur,
    patch_shuffle,
    pixelation,
    quantization,
    rotation,
    saturation,
)
from aesthkeras.degradations.contract import checked
from aesthkeras.degradations.table import CLASSES, Degradation, DegradationSettings

_WHITE = 255.0
_WITHOUT_SETTINGS = {
    "downsampling": downsampling,
    "pixelation": pixelation,
    "defocus": gaussian_blur,  # the same lens, farther off
    "motion_blur": motion_blur,
    "contrast": contrast,
    "saturation": saturation,
}


def resolve(settings: DegradationSettings, device: str) -> DegradationSettings:
    """Replace the JPEG form `auto` by `codec` if `device` is `cpu` and by `dct` if it is `gpu`."""
    if device not in ("cpu", "gpu"):
        raise ValueError(f"device is {device!r}: expected cpu or gpu")
    if settings.jpeg != "auto":
        return settings
    return dataclasses.replace(settings, jpeg="codec" if device == "cpu" else "dct")


def degrade(
    patches: tf.Tensor,
    classes: tf.Tensor,
    seed: tf.Tensor,
    settings: DegradationSettings = DegradationSettings(),  # noqa: B008 - frozen
    vocabulary: Sequence[Degradation] = CLASSES,
) -> tf.Tensor:
    """Make the views of a batch of patches.

    The result depends on nothing but the arguments. The mixup partner of a patch is another patch of the
    batch, the same one for both alphas. With `settings.jpeg="dct"` the graph holds nothing that only a CPU
    can do: images then move as float32, as no GPU kernel gathers or scatters uint8.

    Args:
        patches: uint8 `[B, H, W, 3]` with known H and W.
        classes: int32 `[B, V]`, indices into `vocabulary`; 0 leaves the patch as it is.
        seed: int32 `[2]`.
        settings: `jpeg="auto"` means the codec; call `resolve` first where the graph may run on a GPU.
        vocabulary: `table.CLASSES`, or `table.EXTENDED_CLASSES`.

    Returns:
        uint8 `[B, V, H, W, 3]`; if `settings.eight_bit` is False, float32 in [0, 255], unrounded.

    Raises:
        ValueError: patches or classes of the wrong type or shape, or patches that are not square.
    """
    patches, height, width = checked(patches, tf.uint8)
    classes = tf.convert_to_tensor(classes)
    if classes.dtype != tf.int32 or classes.shape.rank != 2:
        raise ValueError(f"classes are {classes.dtype.name} {classes.shape}: expected int32 [B, V]")
    settings = resolve(settings, "cpu")
    if settings.jpeg == "dct":
        patches = tf.cast(patches, tf.float32)
    views_per_patch = tf.shape(classes)[1]
    flat = tf.reshape(classes, [-1])
    places = tf.dynamic_partition(tf.range(tf.size(flat)), flat, len(vocabulary))
    seeds = tf.random.experimental.stateless_split(seed, len(vocabulary))
    partners = mixup.partners_of(patches, seeds[0])
    views = []
    for degradation, place in zip(vocabulary, places):
        owner = place // views_per_patch
        own = tf.gather(patches, owner)
        other = tf.gather(partners, owner) if degradation.operation == "mixup" else None
        edited = edit(own, degradation, seeds[degradation.index], settings, other)
        rounded = to_eight_bit(edited) if settings.eight_bit else edited
        moved = patches.dtype if settings.eight_bit else tf.float32
        views.append(tf.cast(rounded, moved))
    stitched = tf.dynamic_stitch(places, views)
    if settings.eight_bit:
        stitched = tf.cast(stitched, tf.uint8)
    shape = [classes.shape[0] or patches.shape[0], classes.shape[1], height, width, 3]
    return tf.ensure_shape(tf.reshape(stitched, [-1, views_per_patch, height, width, 3]), shape)


def to_eight_bit(images: tf.Tensor) -> tf.Tensor:
    """Round float32 in [0, 255] to uint8, half up; uint8 stays as it is."""
    return images if images.dtype == tf.uint8 else tf.cast(images + 0.5, tf.uint8)


def edit(
    patches: tf.Tensor,
    degradation: Degradation,
    seed: tf.Tensor,
    settings: DegradationSettings,
    partners: tf.Tensor | None = None,
) -> tf.Tensor:
    """Apply one class to whole levels.

    Args:
        patches: uint8 `[N, H, W, 3]`, or float32 that holds the same levels from 0 to 255.
        degradation: one of `table.EXTENDED_CLASSES`.
        seed: int32 `[2]`.
        settings: with `jpeg` resolved.
        partners: as patches, for mixup; by default `mixup.partners_of(patches, seed)`.

    Returns:
        `[N, H, W, 3]`: of the type of `patches` where the operation gives whole levels by itself, otherwise
        float32 in [0, 255].
    """
    name, parameter = degradation.operation, degradation.parameter
    if name is None or parameter is None:
        return patches
    if name == "jpeg":
        return jpeg.apply(patches, parameter, seed, form=settings.jpeg, white=_WHITE)
    if name == "rotation":
        return rotation.apply(patches, parameter, seed)
    if name == "patch_shuffle":
        return patch_shuffle.apply(patches, parameter, seed)
    images = tf.cast(patches, tf.float32)
    if name == "gaussian_noise":
        return gaussian_noise.apply(images, parameter, seed, scale=settings.noise_scale, white=_WHITE)
    if name == "quantization":
        return quantization.apply(images, parameter, seed, white=_WHITE)
    if name in ("exposure", "underexposure", "overexposure"):
        return exposure.apply(images, parameter, seed, white=_WHITE)
    if name == "gaussian_blur":
        return gaussian_blur.apply(images, parameter, seed, unit=settings.blur_unit)
    if name == "mixup":
        other = None if partners is None else tf.cast(partners, tf.float32)
        return mixup.apply(images, parameter, seed, partners=other)
    if name == "haze":
        return haze.apply(images, parameter, seed, white=_WHITE)
    return _WITHOUT_SETTINGS[name].apply(images, parameter, seed)
