"""What leaves the package: SavedModel signatures, and exported models as Keras models again."""

from aesthkeras.serving.loading import (
    encoder_description,
    load_degradations,
    load_encoder,
    load_scorer,
    newest_version,
    scorer_description,
)
from aesthkeras.serving.operations import list_operations, unservable_operations
from aesthkeras.serving.signatures import export_encoder, export_scorer, versions

__all__ = [
    "encoder_description",
    "export_encoder",
    "export_scorer",
    "list_operations",
    "load_degradations",
    "load_encoder",
    "load_scorer",
    "newest_version",
    "scorer_description",
    "unservable_operations",
    "versions",
]
