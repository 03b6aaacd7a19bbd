"""An exported encoder as a Keras model again, to probe it or to train it on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.errors import UsageError
from aesthkeras.serving.signatures import ENCODER_ASSET, versions


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
    """What an export says of its encoder: ``resize_edge``, ``crop`` and the Keras configuration ``model``.

    Raises:
        UsageError: no SavedModel, or one that ``export_encoder`` did not write.
    """
    path = newest_version(folder) / "assets" / ENCODER_ASSET
    if not path.exists():
        raise UsageError(f"{folder}: expected a SavedModel of aesthkeras, with assets/{ENCODER_ASSET}")
    return json.loads(path.read_text())


def load_encoder(folder: str | Path) -> keras.Model:
    """Rebuild the functional model of an export, with its weights.

    Args:
        folder: ``savedmodels/NAME`` (its highest version) or ``savedmodels/NAME/VERSION``.

    Returns:
        A functional model in float32 from RGB pixel values to ``conv1`` .. ``conv5`` and ``embedding``.

    Raises:
        UsageError: no SavedModel, or one that ``export_encoder`` did not write.
    """
    encoder = keras.models.model_from_json(json.dumps(encoder_description(folder)["model"]))
    stored = tf.train.Checkpoint(encoder_weights=list(encoder.weights))
    status = stored.read(str(newest_version(folder) / "variables" / "variables"))
    status.assert_existing_objects_matched().expect_partial()
    return encoder
