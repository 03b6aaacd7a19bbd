"""One photo, one score: the same from every way of asking, for photos of many sizes and formats.

All ways agree with the Keras model to `TOLERANCE`; what is left comes from the order of additions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import scorer_of_blocks, scoring_model
from aesthkeras.photos.sources import sample_photos
from aesthkeras.photos.views import serving_pixels
from aesthkeras.scoring.network import ScoringNetwork
from aesthkeras.scoring.scoring import ScoringChoices, score_photos
from tests.decoding.writers import (
    placed,
    png_chunk,
    with_chunks,
    with_segment,
    without_adobe_marker,
    xmp_segment,
)

TOLERANCE = 1e-5  # of a score from 0 to 1
ROTATED = Image.Exif()
ROTATED[0x0112] = 6


def turned_by_xmp(jpeg: bytes) -> bytes:
    return with_segment(jpeg, xmp_segment(8))


def turned_behind_its_pixels(png: bytes) -> bytes:
    return with_chunks(png, behind=png_chunk(b"eXIf", ROTATED.tobytes()))


def on_a_larger_canvas(gif: bytes) -> bytes:
    return placed(gif, 40, 20, 400, 300)


# Sample photo, size in pixels, mode, format, options, and what another program made of it.
PHOTOS = [
    ("astronaut", (512, 512), "RGB", "png", {}),
    ("chelsea", (451, 300), "RGB", "jpeg", {"quality": 90}),
    ("coffee", (600, 400), "RGB", "jpeg", {"progressive": True, "subsampling": 0}),
    ("rocket", (640, 427), "L", "jpeg", {}),
    ("china", (640, 427), "RGB", "bmp", {}),
    ("flower", (97, 210), "P", "png", {}),
    ("hubble", (1000, 872), "RGB", "jpeg", {"exif": ROTATED}),
    ("motorcycle_left", (741, 497), "RGBA", "png", {}),
    ("retina", (1411, 1411), "RGB", "jpeg", {"quality": 30}),
    ("ihc", (333, 512), "P", "gif", {}),
    ("astronaut", (40, 61), "RGB", "png", {}),
    ("coffee", (1200, 100), "RGB", "jpeg", {}),
    ("rocket", (333, 222), "CMYK", "jpeg", {}, without_adobe_marker),
    ("flower", (320, 213), "RGB", "jpeg", {"quality": 80}, turned_by_xmp),
    ("motorcycle_right", (320, 213), "RGB", "png", {}, turned_behind_its_pixels),
    ("china", (320, 213), "P", "gif", {}, on_a_larger_canvas),
]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, found = tmp_path_factory.mktemp("photos"), []
    for place, (name, size, mode, kind, options, *changes) in enumerate(PHOTOS):
        source = next(path for path in sample_photos() if name in path)
        photo = Image.open(source).convert("RGB").resize(size)
        photo = photo.quantize(64) if mode == "P" else photo.convert(mode)
        found.append(folder / f"{place}.{kind}")
        photo.save(found[-1], kind, **options)
        for change in changes:
            found[-1].write_bytes(change(found[-1].read_bytes()))
    return found


@pytest.fixture(scope="module")
def contents(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


@pytest.fixture(scope="module")
def pixels(contents, export) -> np.ndarray:
    return np.stack([serving_pixels(tf.constant(one), export.resize_edge, export.crop) for one in contents])


@pytest.fixture(scope="module")
def expected(export, scorer, pixels) -> np.ndarray:
    """The Keras model as it was trained, before any export."""
    model = scoring_model(export.encoder, scorer_of_blocks(scorer, export.encoder))
    scores = model(pixels, training=False)["score"].numpy()
    assert np.ptp(scores) > 0.1 and len(set(scores.round(4))) == len(scores)  # far from all alike
    return scores


def bytes_signature(loaded_scorer, contents) -> np.ndarray:
    return loaded_scorer.signatures["serving_default"](image_bytes=tf.constant(contents))["score"].numpy()


def pixels_signature(loaded_scorer, paths) -> np.ndarray:
    """Decoded by Pillow, one by one: their sizes differ."""
    scores = []
    for path in paths:
        decoded = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        scores.append(loaded_scorer.signatures["pixels"](pixels=tf.constant(decoded[np.newaxis]))["score"][0])
    return np.array(scores)


def score_command(folder: Path, paths: list[Path]) -> np.ndarray:
    """What `python -m aesthkeras.score` writes, before it rounds to its columns."""
    batches = score_photos(
        ScoringNetwork(Export.open(folder), batch_size=5), [str(path) for path in paths], ScoringChoices()
    )
    return np.array([row.score for batch in batches for row in batch])


def tflite(file: Path, pixels: np.ndarray) -> np.ndarray:
    return tf.lite.Interpreter(str(file)).get_signature_runner()(pixels=pixels)["score"]


def onnx(file: Path, pixels: np.ndarray) -> np.ndarray:
    session = pytest.importorskip("onnxruntime").InferenceSession(
        str(file), providers=["CPUExecutionProvider"]
    )
    return session.run(["score"], {"pixels": pixels})[0]


def test_every_way_gives_the_same_score(
    expected, loaded_scorer, scorer_export, contents, paths, pixels, converted
):
    by_way = {
        "bytes signature": bytes_signature(loaded_scorer, contents),
        "pixels signature": pixels_signature(loaded_scorer, paths),
        "score command": score_command(scorer_export, paths),
        "tflite": tflite(converted("tflite"), pixels),
        "onnx": onnx(converted("onnx"), pixels),
    }
    for way, scores in by_way.items():
        np.testing.assert_allclose(scores, expected, rtol=0, atol=TOLERANCE, err_msg=way)
