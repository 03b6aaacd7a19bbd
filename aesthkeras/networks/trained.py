"""The networks of a pre-training run: described in its folder, and read back with their weights.

Who reads them needs to know nothing of the pretext task that trained them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.encoders.float32 import float32_copy
from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.networks.description import (
    ENCODER_FILE,
    NetworkDescription,
    describe_networks,
    read_description,
    rebuild,
)
from aesthkeras.networks.heads import LOGITS
from aesthkeras.training.checkpoints import restore_from
from aesthkeras.training.run_folder import RunFolder


class TrainedNetworks(NamedTuple):
    """What a run has trained so far.

    Attributes:
        encoder: a functional model in float32 from RGB pixel values to its blocks and its embedding, by name.
        degradations: from the embedding to the logits of the degradations, and their names; None where the
            task does not tell degradations apart.
        description: sizes, and notes on the photos.
    """

    encoder: keras.Model
    degradations: tuple[keras.Model, list[str]] | None
    description: NetworkDescription


def write_description(
    run: RunFolder,
    encoder: keras.Model,
    resize: int,
    head: keras.Model | None = None,
    class_names: Sequence[str] | None = None,
) -> None:
    """Write `encoder.json`, and `classes.txt` with a head, into a run folder, in the form that exports have.

    Args:
        run: the folder of the run.
        encoder: the functional model whose weights the run's checkpoints hold as ``encoder``.
        resize: length of a photo's shorter edge before the crop, in pixels.
        head: the functional model whose weights they hold as ``head``, if it tells degradations apart; None
            if it does anything else.
        class_names: the names of the head's classes, or of the first ones: those that an export answers.
    """
    networks = float32_copy(encoder), resize, float32_copy(head) if head else None
    for name, text in describe_networks(*networks, class_names).items():
        replace_file(run.path / name, text.encode())


def read_trained(run: RunFolder, argument: str = "run_dir") -> TrainedNetworks:
    """Rebuild the networks of a run, in float32 with the weights of its newest checkpoint.

    Args:
        run: a run folder of `pretrain`.
        argument: what errors call it.

    Raises:
        UsageError: no such folder, no checkpoint yet, a damaged one, one of the other Keras, or one of
            another network than `encoder.json` says.
    """
    asked = f"{argument}={run.path}"
    newest = tf.train.latest_checkpoint(str(run.checkpoints))
    if newest is None:
        raise UsageError(f"{asked}: expected a run of `pretrain` that has made a checkpoint")
    run.refuse_other_keras(argument)
    if not (run.path / ENCODER_FILE).exists():
        raise UsageError(
            f"{asked}: expected {ENCODER_FILE} in it, which runs of older versions lack; take the SavedModel "
            "that the run was exported to, or run its `pretrain` command once more with another out"
        )
    try:
        description = read_description(run.path)
        networks = {"encoder": rebuild(description.encoder)}
        if description.head is not None:
            networks["head"] = rebuild(description.head)
    except (OSError, ValueError) as error:
        raise UsageError(f"{asked}: expected {ENCODER_FILE} as `pretrain` writes it ({error})") from error
    restore_from(newest, tf.train.Checkpoint(**networks), networks_only=True)
    head, names = networks.get("head"), description.class_names
    degradations = None if head is None else (first_classes(head, len(names)), names)
    return TrainedNetworks(networks["encoder"], degradations, description)


def first_classes(head: keras.Model, count: int) -> keras.Model:
    """The part of a head that tells the first classes apart by the embedding, as a model of its own.

    Args:
        head: a functional model from the embedding, or from a dict that holds it, to a dict with ``logits``,
            which a dense layer of that name makes of the embedding.
        count: how many classes are kept.

    Returns:
        A functional model: embedding -> ``logits`` float32 ``[N, count]``, with copies of the weights.
    """
    given = head.input[EMBEDDING] if isinstance(head.input, Mapping) else head.input
    embedding = keras.Input(given.shape[1:], name=EMBEDDING)
    logits = keras.layers.Dense(count, name=LOGITS, dtype="float32")
    model = keras.Model(embedding, {LOGITS: logits(embedding)}, name="classification_head")
    kernel, bias = head.get_layer(LOGITS).get_weights()
    logits.set_weights([kernel[:, :count], bias[:count]])
    return model
