"""An encoder as a SavedModel: photos in, pooled blocks, embedding and degradations out."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.adaptation.pooling import pool_blocks
from aesthkeras.encoders import EMBEDDING
from aesthkeras.errors import UsageError
from aesthkeras.serving.float32 import float32_copy
from aesthkeras.serving.operations import unservable_operations
from aesthkeras.serving.request_pixels import decode_request, fit_pixels
from aesthkeras.serving.warm_up import write_warm_up_requests

CLASSES_ASSET = "classes.txt"
ENCODER_ASSET = "encoder.json"
FEATURES = "features"
PIXELS = "pixels"
DEGRADATIONS = "degradations"
# The input of each signature.
SIGNATURES = {"serving_default": "image_bytes", FEATURES: "image_bytes", PIXELS: "pixels"}


class ServedEncoder(tf.Module):
    """The functions behind the signatures, and what they need.

    Only the weights are tracked, not the Keras models: tf.saved_model.save would trace each of their layers
    anew, for training too.

    Args:
        encoder: a functional model from RGB pixel values ``[N, S, S, 3]`` to its named outputs, in float32.
        head: a functional model from the embedding to logits, or to a dict that holds them as ``logits``, in
            float32; None for an encoder alone.
        resize_edge: length of a photo's shorter edge after the resize, at least S.
        assets: files to keep with the model.
    """

    def __init__(self, encoder: keras.Model, head: Any, resize_edge: int, assets: Sequence[Path]) -> None:
        super().__init__()
        self.encoder_weights = list(encoder.weights)
        self.head_weights = list(head.weights) if head else []
        self.kept_files = [tf.saved_model.Asset(str(path)) for path in assets]
        crop = encoder.input_shape[1]

        def described(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs = encoder(pixels, training=False)
            return {**pool_blocks(outputs), EMBEDDING: outputs[EMBEDDING]}

        def features(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            return described(decode_request(image_bytes, resize_edge, crop))

        def features_of_pixels(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            return described(fit_pixels(pixels, resize_edge, crop))

        def degradations(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            pixels = decode_request(image_bytes, resize_edge, crop)
            outputs = head(encoder(pixels, training=False)[EMBEDDING], training=False)
            logits = outputs["logits"] if isinstance(outputs, Mapping) else outputs
            return {"probabilities": tf.nn.softmax(logits)}

        photos = tf.TensorSpec([None], tf.string, name="image_bytes")
        arrays = tf.TensorSpec([None, None, None, 3], tf.uint8, name="pixels")
        self.features = tf.function(features, input_signature=[photos])
        self.pixels = tf.function(features_of_pixels, input_signature=[arrays])
        if head is not None:
            self.degradations = tf.function(degradations, input_signature=[photos])

    def by_signature(self) -> dict[str, Any]:
        """The functions by the names of their signatures."""
        functions = {"serving_default": self.features, FEATURES: self.features, PIXELS: self.pixels}
        return {**functions, DEGRADATIONS: self.degradations} if self.head_weights else functions


def export_encoder(
    encoder: keras.Model,
    folder: str | Path,
    *,
    resize_edge: int,
    head: keras.Model | None = None,
    class_names: Sequence[str] | None = None,
    assets: Mapping[str, str | bytes] | None = None,
    version: int | None = None,
) -> Path:
    """Write an encoder as the next version of a SavedModel, in float32 whatever it was trained in.

    Signatures ``features`` (also ``serving_default``; takes ``image_bytes`` string ``[N]``) and ``pixels``
    (takes ``pixels`` uint8 ``[N, H, W, 3]``) answer ``embedding`` and ``conv1`` .. ``conv5`` float32
    ``[N, values]``, pooled as the probes pool them; with a head, ``degradations`` takes ``image_bytes`` and
    answers ``probabilities`` float32 ``[N, classes]``. Decoding, resize and crop are in the graph, which has
    core ops only. The version is written aside and renamed.

    Args:
        encoder: a functional model from RGB pixel values ``[N, S, S, 3]`` to its outputs by name.
        folder: ``savedmodels/NAME``; TF Serving's warm-up requests call the model NAME.
        resize_edge: length of a photo's shorter edge after the resize, at least S.
        head: a functional model from the embedding to logits, or to a dict that holds them as ``logits``.
        class_names: the names of the head's classes, in order; kept as the asset ``classes.txt``.
        assets: more files to keep, text or bytes by file name.
        version: an integer from 1 on; None for the next free one.

    Returns:
        ``folder/VERSION``.

    Raises:
        UsageError: that version exists, or the resize is smaller than the crop.
        ValueError: a head without as many names as it has classes, or a graph that TF Serving could not run.
        OSError: it could not be written. In every case what was there before is unchanged.
    """
    folder = Path(folder)
    crop = encoder.input_shape[1]
    if resize_edge < crop:
        raise UsageError(f"--resize={resize_edge}: expected at least the crop's {crop} pixels")
    files = {**(assets or {}), ENCODER_ASSET: _description(encoder, resize_edge)}
    if head is not None:
        files[CLASSES_ASSET] = _class_list(head, class_names)
    version = version or max(versions(folder), default=0) + 1
    final = folder / str(version)
    if final.exists():
        raise UsageError(f"--out={folder}: version {version} exists already, expected a free one")
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{version}.{os.getpid()}.aside"
    try:
        _write(aside, float32_copy(encoder), float32_copy(head) if head else None, resize_edge, files)
        unservable = unservable_operations(aside)
        if unservable:
            raise ValueError(f"TF Serving cannot run {', '.join(unservable)}: expected core ops only")
        os.rename(aside, final)
    except tf.errors.OpError as error:
        raise OSError(errno.EIO, error.message) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return final


def versions(folder: str | Path) -> list[int]:
    """The versions in ``savedmodels/NAME``, in order; none where there is no such folder."""
    names = [path.name for path in Path(folder).glob("*") if path.is_dir()]
    return sorted(int(name) for name in names if name.isdecimal())


def _write(
    aside: Path,
    encoder: keras.Model,
    head: keras.Model | None,
    resize_edge: int,
    files: Mapping[str, str | bytes],
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        paths = []
        for name, content in files.items():
            paths.append(Path(temporary) / name)
            paths[-1].write_bytes(content.encode() if isinstance(content, str) else content)
        served = ServedEncoder(encoder, head, resize_edge, paths)
        tf.saved_model.save(served, str(aside), served.by_signature())
    inputs = {**SIGNATURES, DEGRADATIONS: "image_bytes"} if head else SIGNATURES
    write_warm_up_requests(aside, aside.parent.resolve().name, inputs, resize_edge)


def _description(encoder: keras.Model, resize_edge: int) -> str:
    """What ``loading.load_encoder`` rebuilds the Keras model from."""
    model = json.loads(float32_copy(encoder).to_json())
    return json.dumps({"resize_edge": resize_edge, "crop": encoder.input_shape[1], "model": model}, indent=1)


def _class_list(head: keras.Model, class_names: Sequence[str] | None) -> str:
    logits = head.output["logits"] if isinstance(head.output, Mapping) else head.output
    if class_names is None or len(class_names) != logits.shape[-1]:
        raise ValueError(f"class_names: expected {logits.shape[-1]} names for the head's classes")
    return "".join(f"{name}\n" for name in class_names)
