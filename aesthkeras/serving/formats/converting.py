"""From a SavedModel to the file of another format, with its contract beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import SCORE
from aesthkeras.photos.reading import read_photos
from aesthkeras.photos.sources import SAMPLES, find_photos
from aesthkeras.quiet_start import without_stderr
from aesthkeras.serving.formats.onnx import to_onnx
from aesthkeras.serving.formats.pixel_network import PixelNetwork
from aesthkeras.serving.formats.tflite import INT8, to_tflite

REPRESENTATIVE_PHOTOS = 200
MEASURED_AT_ONCE = 16

Errors = dict[str, dict[str, float]]


def convert(export: Export, out: Path, kind: str, precision: str, data_dir: str) -> Path:
    """Convert an export; the file and `out.json`, its contract, are written aside and renamed.

    How far int8 is off is measured on the photos that set its ranges, printed, and kept in the contract.

    Args:
        export: of an encoder or a scorer.
        out: the file to write.
        kind: `tflite` or `onnx`.
        precision: as `to_tflite` takes it; ONNX is float32.
        data_dir: photos for the ranges of int8, a folder; for an encoder also `samples`.

    Returns:
        `out`.

    Raises:
        UsageError: no photos, the samples for a scorer, or `out` cannot be written.
    """
    if precision == INT8 and export.is_scorer and data_dir == SAMPLES:
        raise UsageError(
            f"data_dir={data_dir}: expected a folder of photos like those to be scored, which set the ranges "
            "of int8 and show how far off it is"
        )
    network = PixelNetwork(export)
    pixels = None
    if precision == INT8:
        pixels = representative_pixels(data_dir, network.contract["resize_edge"], network.crop)
    content = to_onnx(network) if kind == "onnx" else to_tflite(network, precision, pixels)
    contract = {**network.contract, "format": kind, "precision": precision}
    if pixels is not None:
        contract["error"] = {"photos": len(pixels), "outputs": int8_errors(network, content, pixels)}
        on = f"on the {counted(len(pixels), 'photo')} that set its ranges"
        say(f"int8: {_error_sentence(contract['error']['outputs'])}, {on}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out.with_name(f"{out.name}.json"), json.dumps(contract, indent=1).encode())
        replace_file(out, content)
    except OSError as error:
        raise UsageError(f"out={out}: expected a file that can be written ({error.strerror})") from error
    return out


def int8_errors(network: PixelNetwork, content: bytes, pixels: np.ndarray) -> Errors:
    """How far a TFLite file is off.

    Args:
        network: what was converted; it is right.
        content: the file.
        pixels: uint8 `[N, crop, crop, 3]`, N at least 1.

    Returns:
        By output: `mean` and `max` of the absolute difference over photos and values, and `deviation`, the
        standard deviation of the right values, which says how much a difference is.
    """
    right: dict[str, list[np.ndarray]] = {}
    given: dict[str, list[np.ndarray]] = {}
    with without_stderr():  # the interpreter's own news
        runner = tf.lite.Interpreter(model_content=content).get_signature_runner()
        for start in range(0, len(pixels), MEASURED_AT_ONCE):
            batch = pixels[start : start + MEASURED_AT_ONCE]
            for kept, answer in ((right, network.answer(tf.constant(batch))), (given, runner(pixels=batch))):
                for name, values in answer.items():
                    kept.setdefault(name, []).append(np.asarray(values))
    errors = {}
    for name in network.contract["outputs"]:
        values = np.concatenate(right[name])
        difference = np.abs(np.concatenate(given[name]) - values)
        errors[name] = {
            "mean": float(difference.mean()),
            "max": float(difference.max()),
            "deviation": float(values.std()),
        }
    return errors


def _error_sentence(errors: Errors) -> str:
    """Of the score, an encoder's embedding, or its last block."""
    name = next((name for name in (SCORE, EMBEDDING) if name in errors), [*errors][-1])
    mean, most, deviation = (errors[name][key] for key in ("mean", "max", "deviation"))
    return (
        f"`{name}` is off by {mean:.3g} on average and {most:.3g} at most, itself varying by {deviation:.3g}"
    )


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
