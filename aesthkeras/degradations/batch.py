"""The degradations of a whole batch: each class is applied once, to all views that ask for it."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from aesthkeras.degradations.layer import to_eight_bit
from aesthkeras.degradations.layer_table import layer_of
from aesthkeras.degradations.mixup import Mixup, partners_of
from aesthkeras.degradations.table import CLASSES, DegradationClass, DegradationSettings


def degrade(
    patches: tf.Tensor,
    classes: tf.Tensor,
    seed: tf.Tensor,
    settings: DegradationSettings = DegradationSettings(),  # noqa: B008 - frozen
    vocabulary: Sequence[DegradationClass] = CLASSES,
) -> tf.Tensor:
    """Make the views of a batch of patches.

    The result depends on the arguments alone. The mixup partner of a patch is another patch of the batch, the
    same one for both alphas. With `settings.jpeg="dct"` every operation of the graph has a GPU kernel:
    patches then move as float32, because no GPU kernel gathers or scatters uint8.

    Args:
        patches: uint8 `[B, H, W, 3]` with known H and W.
        classes: int32 `[B, V]`, indices into `vocabulary`; 0 leaves the patch as it is.
        seed: int32 `[2]`.
        settings: `jpeg="auto"` is the codec; use `settings.resolved` where the graph may run on a GPU.
        vocabulary: `table.CLASSES`, `table.EXTENDED_CLASSES` or `table.COPY_CLASSES`.

    Returns:
        uint8 `[B, V, H, W, 3]`; if `settings.eight_bit` is False, float32 in [0, 255], not rounded.

    Raises:
        ValueError: patches or classes of the wrong type or shape.
        tf.errors.InvalidArgumentError: when run, for a class that `vocabulary` does not have, or for a
            quarter turn of patches that are not square.
    """
    patches, classes = tf.convert_to_tensor(patches), tf.convert_to_tensor(classes)
    check_patches(patches)
    if classes.dtype != tf.int32 or classes.shape.rank != 2:
        raise ValueError(f"classes are {classes.dtype.name} {classes.shape}: expected int32 [B, V]")
    height, width = patches.shape[1:3]
    settings = settings.resolved("cpu")
    if settings.jpeg == "dct":
        patches = tf.cast(patches, tf.float32)
    views_per_patch = tf.shape(classes)[1]
    flat = tf.reshape(classes, [-1])
    places = tf.dynamic_partition(tf.range(tf.size(flat)), flat, len(vocabulary))
    seeds = tf.random.experimental.stateless_split(seed, len(vocabulary))
    partners = partners_of(patches, seeds[0])
    views = []
    for degradation, place in zip(vocabulary, places):
        owner = place // views_per_patch
        edited = _edited(patches, partners, owner, degradation, seeds[degradation.index], settings)
        rounded = to_eight_bit(edited) if settings.eight_bit else edited
        moved = patches.dtype if settings.eight_bit else tf.float32
        views.append(tf.cast(rounded, moved))
    stitched = tf.dynamic_stitch(places, views)
    if settings.eight_bit:
        stitched = tf.cast(stitched, tf.uint8)
    shape = [classes.shape[0] or patches.shape[0], classes.shape[1], height, width, 3]
    return tf.ensure_shape(tf.reshape(stitched, [-1, views_per_patch, height, width, 3]), shape)


def check_patches(patches: tf.Tensor) -> None:
    """Check type and shape of patches.

    Raises:
        ValueError: not uint8 `[B, H, W, 3]`, or H or W unknown.
    """
    dtype, shape = tf.as_dtype(patches.dtype), tf.TensorShape(patches.shape)
    if dtype != tf.uint8 or shape.rank != 4 or shape[3] != 3 or None in shape.as_list()[1:3]:
        raise ValueError(f"patches are {dtype.name} {shape}: expected uint8 [B, H, W, 3] with known H and W")


def _edited(
    patches: tf.Tensor,
    partners: tf.Tensor,
    owner: tf.Tensor,
    degradation: DegradationClass,
    seed: tf.Tensor,
    settings: DegradationSettings,
) -> tf.Tensor:
    """The patches `owner`, int32 `[N]`, as one class makes them: `[N, H, W, 3]`."""
    own = tf.gather(patches, owner)
    if degradation.operation is None:
        return own
    layer = layer_of(degradation, settings)
    if isinstance(layer, Mixup):
        return layer.edit(own, seed, tf.gather(partners, owner))
    edited = layer.edit(own, seed)
    if edited.shape[1:3] == own.shape[1:3]:
        return edited
    # A quarter turn of a patch that is not square cannot stand beside the other views.
    message = f"{degradation.name} needs square patches, not {own.shape[1]} x {own.shape[2]}"
    with tf.control_dependencies([tf.debugging.assert_equal(tf.size(owner), 0, message)]):
        return tf.identity(own)
