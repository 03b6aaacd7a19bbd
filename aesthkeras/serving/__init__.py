"""What leaves the package: SavedModel signatures, and an exported encoder as a Keras model again."""

from aesthkeras.serving.loading import encoder_description, load_encoder, newest_version
from aesthkeras.serving.operations import list_operations, unservable_operations
from aesthkeras.serving.signatures import export_encoder, versions

__all__ = [
    "encoder_description",
    "export_encoder",
    "list_operations",
    "load_encoder",
    "newest_version",
    "unservable_operations",
    "versions",
]
