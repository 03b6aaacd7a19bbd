"""An exported encoder or scorer as a Keras model again, to probe it, train it on or look inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.errors import UsageError
from aesthkeras.networks.heads import scoring_model
from aesthkeras.networks.saving import CLASSES_ASSET, ENCODER_ASSET, SCORER_ASSET, versions


def newest_version(folder: str | Path) -> Path:
    """The folder with ``saved_model.pb``: ``folder`` itself or its highest version.

    Raises:
        UsageError: there is none.
    """
    folder = Path(folder)
    if (folder / "saved_model.pb").exists():
        return folder
    for version in reversed(versions(folder)):
        if (folder / str(version) / "saved_model.pb").exists():
            return folder / str(version)
    raise UsageError(f"{folder}: expected a SavedModel, or a folder of its versions")


def encoder_description(folder: str | Path) -> dict[str, Any]:
    """What an export says of its encoder: its sizes ``resize_edge`` and ``crop``, and Keras configurations.

    Raises:
        UsageError: no SavedModel, or one that this package did not write.
    """
    return _description(folder, ENCODER_ASSET, "a SavedModel of aesthkeras")


def scorer_description(folder: str | Path) -> dict[str, Any]:
    """What an export says of its scorer: what its score means, and the Keras configuration ``model``.

    Raises:
        UsageError: no SavedModel, or one of an encoder alone.
    """
    return _description(folder, SCORER_ASSET, "a scorer's SavedModel, as `adapt` exports it")


def is_scorer(folder: str | Path) -> bool:
    """Whether an export scores; raises `UsageError` where there is no SavedModel."""
    return (newest_version(folder) / "assets" / SCORER_ASSET).exists()


def load_encoder(folder: str | Path) -> keras.Model:
    """Rebuild the functional model of an export, with its weights.

    Args:
        folder: ``savedmodels/NAME`` (its highest version) or ``savedmodels/NAME/VERSION``.

    Returns:
        A functional model in float32 from RGB pixel values to ``conv1`` .. ``conv5`` and ``embedding``.

    Raises:
        UsageError: no SavedModel, or one that this package did not write.
    """
    return _rebuilt(folder, encoder_description(folder)["model"], "encoder_weights")


def load_degradations(folder: str | Path) -> tuple[keras.Model, list[str]] | None:
    """Rebuild what knows the degradations: embedding to logits, and the names of the classes.

    Returns:
        None for an export without them.

    Raises:
        UsageError: no SavedModel, or one that this package did not write.
    """
    head = encoder_description(folder).get("head")
    if head is None:
        return None
    names = (newest_version(folder) / "assets" / CLASSES_ASSET).read_text().splitlines()
    return _rebuilt(folder, head, "head_weights"), names


def load_scorer(folder: str | Path) -> keras.Model:
    """Rebuild an exported scorer as one functional model in float32.

    Args:
        folder: ``savedmodels/NAME`` (its highest version) or ``savedmodels/NAME/VERSION``.

    Returns:
        From RGB pixel values ``[N, crop, crop, 3]``, uint8 or floating, to ``score`` float32 ``[N]`` and what
        goes with it, the encoder's ``conv1`` .. ``conv5`` (not pooled) and ``embedding``, and, where it knows
        them, ``degradations`` float32 ``[N, classes]``, probabilities; see ``heads.scoring_model``.

    Raises:
        UsageError: no SavedModel, or one of an encoder alone.
    """
    scorer = _rebuilt(folder, scorer_description(folder)["model"], "scorer_weights")
    degradations = load_degradations(folder)
    return scoring_model(load_encoder(folder), scorer, degradations[0] if degradations else None)


def _description(folder: str | Path, asset: str, expected: str) -> dict[str, Any]:
    path = newest_version(folder) / "assets" / asset
    if not path.exists():
        raise UsageError(f"{folder}: expected {expected}, with assets/{asset}")
    return json.loads(path.read_text())


def _rebuilt(folder: str | Path, configuration: dict[str, Any], weights: str) -> keras.Model:
    model = keras.models.model_from_json(json.dumps(configuration))
    stored = tf.train.Checkpoint(**{weights: list(model.weights)})
    status = stored.read(str(newest_version(folder) / "variables" / "variables"))
    status.assert_existing_objects_matched().expect_partial()
    return model
