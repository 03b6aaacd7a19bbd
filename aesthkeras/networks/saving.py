"""An encoder or a scorer as a SavedModel: photos in, score, pooled blocks, embedding and degradations out."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from aesthkeras.encoders import EMBEDDING
from aesthkeras.encoders.float32 import float32_copy
from aesthkeras.encoders.keras_graph import variables_of
from aesthkeras.encoders.operations import unservable_operations
from aesthkeras.encoders.package_weights import networks_of_package
from aesthkeras.errors import UsageError
from aesthkeras.files import folder_name
from aesthkeras.networks.description import describe_networks, describe_scorer
from aesthkeras.networks.export import versions
from aesthkeras.networks.heads import DEGRADATIONS, head_logits, scorer_of_blocks
from aesthkeras.networks.model_card import MODEL_CARD, Origin, describe_signatures, model_card
from aesthkeras.networks.pooling import describe
from aesthkeras.networks.rating_range import within_range
from aesthkeras.networks.request_pixels import decode_request, fit_pixels
from aesthkeras.networks.warm_up import write_warm_up_requests

FEATURES = "features"
PIXELS = "pixels"
# The input of each signature.
SIGNATURES = {"serving_default": "image_bytes", FEATURES: "image_bytes", PIXELS: "pixels"}


class Networks(NamedTuple):
    """What is served, as functional models.

    Attributes:
        encoder: from RGB pixel values ``[N, S, S, 3]`` to its named outputs.
        head: from the embedding to the degradations' logits, or to a dict that holds them as ``logits``; None
            for an encoder that knows no degradations.
        scorer: from some of the blocks and the embedding, by name, to ``score`` and what goes with it; None
            for an encoder alone.
        meaning: what the score means; None for an encoder alone.
    """

    encoder: keras.Model
    head: keras.Model | None = None
    scorer: keras.Model | None = None
    meaning: Mapping[str, Any] | None = None

    def in_float32(self) -> Networks:
        """Copies that compute in float32."""
        encoder, head, scorer, meaning = self
        return Networks(
            float32_copy(encoder), head and float32_copy(head), scorer and float32_copy(scorer), meaning
        )


class ServedModel(tf.Module):
    """The functions behind the signatures, and what they need.

    Only the weights are tracked, not the Keras models: `tf.saved_model.save` would trace each of their layers
    again, for training too.

    Args:
        networks: what is served, in float32.
        resize_edge: length of a photo's shorter edge after the resize, at least S.
        assets: files to keep with the model.
    """

    def __init__(self, networks: Networks, resize_edge: int, assets: Sequence[Path]) -> None:
        super().__init__()
        encoder, head, scorer, _ = networks
        self.encoder_weights = variables_of(encoder)
        self.head_weights = variables_of(head) if head else []
        self.scorer_weights = variables_of(scorer) if scorer else []
        self.kept_files = [tf.saved_model.Asset(str(path)) for path in assets]
        crop = encoder.input_shape[1]

        def described(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs = encoder(pixels, training=False)
            answer = describe(outputs)
            if scorer is None:
                return answer
            return {**answer, **scorer({name: outputs[name] for name in scorer.input}, training=False)}

        def features(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            return described(decode_request(image_bytes, resize_edge, crop))

        def features_of_pixels(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            return described(fit_pixels(pixels, resize_edge, crop))

        def scores(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            assert scorer is not None
            answer = features(image_bytes)
            return {name: answer[name] for name in scorer.output}

        def degradations(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            assert head is not None
            pixels = decode_request(image_bytes, resize_edge, crop)
            outputs = head(encoder(pixels, training=False)[EMBEDDING], training=False)
            return {"probabilities": tf.nn.softmax(head_logits(outputs))}

        photos = tf.TensorSpec([None], tf.string, name="image_bytes")
        arrays = tf.TensorSpec([None, None, None, 3], tf.uint8, name="pixels")
        self.features = tf.function(features, input_signature=[photos], autograph=False)
        self.pixels = tf.function(features_of_pixels, input_signature=[arrays], autograph=False)
        self.default = (
            tf.function(scores, input_signature=[photos], autograph=False) if scorer else self.features
        )
        self.degradations = (
            tf.function(degradations, input_signature=[photos], autograph=False) if head else None
        )

    def by_signature(self) -> dict[str, Any]:
        """The functions by the names of their signatures."""
        functions = {"serving_default": self.default, FEATURES: self.features, PIXELS: self.pixels}
        return {**functions, DEGRADATIONS: self.degradations} if self.degradations else functions


def export_encoder(
    encoder: keras.Model,
    folder: str | Path,
    *,
    resize_edge: int,
    head: keras.Model | None = None,
    class_names: Sequence[str] | None = None,
    assets: Mapping[str, str | bytes] | None = None,
    origin: Origin | None = None,
    version: int | None = None,
) -> Path:
    """Write an encoder as the next version of a SavedModel, in float32 whatever it was trained in.

    Signatures ``features`` (also ``serving_default``; takes ``image_bytes`` string ``[N]``) and ``pixels``
    (takes ``pixels`` uint8 ``[N, H, W, 3]``) answer the encoder's blocks and embedding by name, float32
    ``[N, values]``, pooled as the probes pool them; with a head, ``degradations`` takes ``image_bytes`` and
    answers ``probabilities`` float32 ``[N, classes]``. Decoding, resize and crop are in the graph, which has
    core ops only. MODEL_CARD.md says what the version is and where it comes from. The version is written
    to a temporary folder, which is then renamed.

    Args:
        encoder: a functional model from RGB pixel values ``[N, S, S, 3]`` to its outputs by name.
        folder: ``savedmodels/NAME``; TF Serving's warm-up requests call the model NAME.
        resize_edge: length of a photo's shorter edge after the resize, at least S.
        head: a functional model from the embedding to logits, or to a dict that holds them as ``logits``.
        class_names: the names of the head's classes, in order; kept as the asset ``classes.txt``.
        assets: more files to keep, text or bytes by file name.
        origin: what the model card says of the training; None for nothing.
        version: an integer from 1 on; None for the next free one.

    Returns:
        ``folder/VERSION``.

    Raises:
        UsageError: that version exists, or the resize is smaller than the crop.
        ValueError: a head without as many names as it has classes, or a graph that TF Serving could not run.
        OSError: it could not be written. In every case what was there before is unchanged.
    """
    networks = Networks(encoder, head)
    return export_networks(networks, Path(folder), resize_edge, class_names, assets or {}, origin, version)


def export_scorer(
    encoder: keras.Model,
    scorer: keras.Model,
    folder: str | Path,
    *,
    resize_edge: int,
    meaning: Mapping[str, Any],
    pooling: str = "vissl",
    head: keras.Model | None = None,
    class_names: Sequence[str] | None = None,
    assets: Mapping[str, str | bytes] | None = None,
    origin: Origin | None = None,
    version: int | None = None,
) -> Path:
    """Write a scorer as the next version of a SavedModel: ``export_encoder``, and a score.

    ``serving_default`` takes ``image_bytes`` and answers the scorer's outputs only: ``score`` float32
    ``[N]``, the probability that the photo is positive, and what goes with it. ``features`` and ``pixels``
    answer them beside the blocks and the embedding.

    Args:
        encoder: as for ``export_encoder``, and so are all arguments not named here.
        scorer: a functional model from some of the encoder's pooled blocks and its embedding, by name, to a
            dict with ``score``, as ``heads.build_scorer`` makes it.
        meaning: what the score means, kept in the asset ``scorer.json``: JSON values by name. The
            graph keeps ``rating`` inside ``rating_range``.
        pooling: how the scorer wants the blocks; ``features`` answers them as the probes pool them anyway.

    Returns:
        ``folder/VERSION``.

    Raises:
        As ``export_encoder``.
    """
    scorer = within_range(scorer_of_blocks(scorer, encoder, pooling), meaning.get("rating_range"))
    networks = Networks(encoder, head, scorer, meaning)
    return export_networks(networks, Path(folder), resize_edge, class_names, assets or {}, origin, version)


def export_networks(
    networks: Networks,
    folder: Path,
    resize_edge: int,
    class_names: Sequence[str] | None,
    files: Mapping[str, str | bytes],
    origin: Origin | None,
    version: int | None,
) -> Path:
    """Write networks as `export_scorer` does; their scorer takes blocks as they are, not pooled."""
    crop = networks.encoder.input_shape[1]
    if resize_edge < crop:
        raise UsageError(f"resize={resize_edge}: expected at least the crop's {crop} pixels")
    networks = networks.in_float32()
    files = {**files, **_descriptions(networks, resize_edge, class_names)}
    with new_version(folder, version) as (aside, number):
        functions = _write(aside, networks, resize_edge, files)
        card = model_card(
            folder_name(folder),
            number,
            describe_signatures(functions),
            (resize_edge, crop),
            origin or Origin(),
            class_names or (),
            networks.meaning,
            list(networks.encoder.output),
            bool(networks_of_package(networks.encoder)),
        )
        (aside / MODEL_CARD).write_text(card, encoding="utf-8")
        unservable = unservable_operations(aside)
        if unservable:
            raise ValueError(f"TF Serving cannot run {', '.join(unservable)}: expected core ops only")
    return folder / str(number)


@contextmanager
def new_version(folder: Path, version: int | None = None) -> Iterator[tuple[Path, int]]:
    """A temporary folder, not made yet, which becomes a version of a model once all in it is written.

    Args:
        folder: ``savedmodels/NAME``, made if need be.
        version: an integer from 1 on; None for the next free one.

    Yields:
        The temporary folder, and the version.

    Raises:
        UsageError: that version exists.
        OSError: it could not be written. In every case what was there before is unchanged.
    """
    number = version or max(versions(folder), default=0) + 1
    final = folder / str(number)
    if final.exists():
        raise UsageError(f"out={folder}: version {number} exists already, expected a free one")
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{number}.{os.getpid()}.aside"
    try:
        yield aside, number
        os.rename(aside, final)
    except tf.errors.OpError as error:
        raise OSError(errno.EIO, error.message) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(
    aside: Path, networks: Networks, resize_edge: int, files: Mapping[str, str | bytes]
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        paths = []
        for name, content in files.items():
            paths.append(Path(temporary) / name)
            paths[-1].write_bytes(content.encode() if isinstance(content, str) else content)
        served = ServedModel(networks, resize_edge, paths)
        functions = served.by_signature()
        tf.saved_model.save(served, str(aside), functions)
    inputs = {**SIGNATURES, DEGRADATIONS: "image_bytes"} if networks.head else SIGNATURES
    write_warm_up_requests(aside, folder_name(aside.parent), inputs, resize_edge)
    return functions


def _descriptions(
    networks: Networks, resize_edge: int, class_names: Sequence[str] | None
) -> dict[str, str | bytes]:
    """The files from which ``Export`` rebuilds the networks."""
    encoder, head, scorer, meaning = networks
    if head is not None:
        classes = head_logits(head.output).shape[-1]
        if class_names is None or len(class_names) != classes:
            raise ValueError(f"class_names: expected {classes} names for the head's classes")
    scores = describe_scorer(scorer, meaning or {}) if scorer else {}
    return {**describe_networks(encoder, resize_edge, head, class_names), **scores}
