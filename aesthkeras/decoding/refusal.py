"""Why a photo is refused outside of a graph."""

from __future__ import annotations

RAW = "a camera raw file, which needs a raw converter: convert it to JPEG, PNG or TIFF"


class PhotoRefusedError(Exception):
    """Why a photo is not decoded, in one sentence."""
