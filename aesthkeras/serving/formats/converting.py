"""From a SavedModel to the file of another format, with its contract beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.networks.export import Export
from aesthkeras.photos.reading import read_photos
from aesthkeras.photos.sources import find_photos
from aesthkeras.serving.formats.onnx import to_onnx
from aesthkeras.serving.formats.pixel_network import PixelNetwork
from aesthkeras.serving.formats.tflite import INT8, to_tflite

REPRESENTATIVE_PHOTOS = 200


def convert(export: Export, out: Path, kind: str, precision: str, data_dir: str) -> Path:
    """Convert an export; the file and `out.json`, its contract, are written aside and renamed.

    Args:
        export: of an encoder or a scorer.
        out: the file to write.
        kind: `tflite` or `onnx`.
        precision: as `to_tflite` takes it; ONNX is float32.
        data_dir: photos for the ranges of int8, a folder or `samples`.

    Returns:
        `out`.

    Raises:
        UsageError: no photos, or `out` cannot be written.
    """
    network = PixelNetwork(export)
    pixels = None
    if precision == INT8:
        pixels = representative_pixels(data_dir, network.contract["resize_edge"], network.crop)
    content = to_onnx(network) if kind == "onnx" else to_tflite(network, precision, pixels)
    contract = json.dumps({**network.contract, "format": kind, "precision": precision}, indent=1)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out.with_name(f"{out.name}.json"), contract.encode())
        replace_file(out, content)
    except OSError as error:
        raise UsageError(f"out={out}: expected a file that can be written ({error.strerror})") from error
    return out


def representative_pixels(
    data_dir: str, resize_edge: int, crop: int, count: int = REPRESENTATIVE_PHOTOS
) -> np.ndarray:
    """Pixels of up to `count` photos, spread evenly over a folder: uint8 `[N, crop, crop, 3]`.

    Raises:
        UsageError: no such folder, or no photo in it that can be decoded.
    """
    paths = find_photos(data_dir)
    chosen = sorted({paths[len(paths) * place // count] for place in range(count)})
    photos = read_photos(chosen, resize_edge, crop)
    pixels = [photo.crops[0] for photo in photos if not photo.error]
    if not pixels:
        raise UsageError(f"data_dir={data_dir}: expected photos that can be decoded")
    return np.stack(pixels)
