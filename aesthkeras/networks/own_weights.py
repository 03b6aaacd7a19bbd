"""An export written anew: without the weights that stay in their package, or with them as one SavedModel."""

from __future__ import annotations

import shutil
from pathlib import Path

import tensorflow as tf

from aesthkeras.encoders.efficientnet_lite0 import LITE0
from aesthkeras.encoders.keras_graph import variables_of
from aesthkeras.encoders.package_weights import (
    PACKAGE,
    fill_networks,
    fingerprints,
    own_variables,
    package_state,
)
from aesthkeras.errors import UsageError
from aesthkeras.files import folder_name
from aesthkeras.networks.description import ENCODER_FILE, without_package_weights
from aesthkeras.networks.export import OWN_WEIGHTS, Export
from aesthkeras.networks.model_card import MODEL_CARD, Origin
from aesthkeras.networks.saving import Networks, export_networks, new_version
from aesthkeras.training.run_folder import RunFolder


def export_own_weights(export: Export, folder: Path) -> Path:
    """Write an export's own weights, its descriptions and its card as the next version of a model.

    ``Export`` puts it together again where the package is installed; TF Serving cannot load it.

    Args:
        export: of a model that reads EfficientNet-lite0.
        folder: ``savedmodels/NAME``.

    Returns:
        ``folder/VERSION``.

    Raises:
        UsageError: it reads no such network, or one whose weights are not those of the package, because it
            was trained along.
        OSError: it could not be written.
    """
    encoder, head = export.encoder(), export.degradations()
    found = fingerprints(encoder)
    if not found:
        raise UsageError(f"{export.asked}: expected a model that reads {LITE0}")
    fill_networks(encoder, package_state(export.asked), export.asked)
    if fingerprints(encoder) != found:
        raise UsageError(f"{export.asked}: expected the weights that {PACKAGE} has; its {LITE0} has others")
    weights = {"encoder_weights": own_variables(encoder)}
    if head is not None:
        weights["head_weights"] = variables_of(head[0])
    if export.is_scorer:
        weights["scorer_weights"] = variables_of(export.scorer())
    with new_version(folder) as (aside, number):
        shutil.copytree(export.folder / "assets", aside / "assets")
        tf.train.Checkpoint(**weights).write(str(aside / OWN_WEIGHTS))
        description = aside / "assets" / ENCODER_FILE
        description.write_text(without_package_weights(description.read_text(), found.pop()))
        card = (export.folder / MODEL_CARD).read_text(encoding="utf-8").partition("\n")[2]
        (aside / MODEL_CARD).write_text(
            f"# {folder_name(folder)}, version {number}\n{card}", encoding="utf-8"
        )
    return folder / str(number)


def export_whole(export: Export, folder: Path) -> Path:
    """Write what `export_own_weights` wrote as a SavedModel with all weights.

    Args:
        export: of a scorer.
        folder: ``savedmodels/NAME``; the next version is written.

    Returns:
        ``folder/VERSION``.

    Raises:
        UsageError: it is a SavedModel already, or the package is not installed.
        OSError: it could not be written.
    """
    if not export.description.package_weights:
        raise UsageError(f"{export.asked}: expected a model without the weights of {PACKAGE}; it has all")
    head, class_names = export.degradations() or (None, None)
    scorer = export.scorer() if export.is_scorer else None
    networks = Networks(export.encoder(), head, scorer, export.meaning if scorer else None)
    kept = RunFolder(export.folder / "assets")  # what the run that made it had in its folder
    files = {path.name: path.read_bytes() for path in (kept.flags, kept.record) if path.exists()}
    origin = Origin.of_run(kept, encoder_notes=kept.read_record().get("data", {}).get("encoder_notes", ""))
    return export_networks(networks, folder, export.resize, class_names, files, origin, None)
