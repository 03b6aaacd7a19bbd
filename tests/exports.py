"""A tiny encoder with a head over 22 classes, and its export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import build_encoder
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import build_network, build_scorer
from aesthkeras.networks.saving import export_encoder, export_scorer
from aesthkeras.photos.sources import sample_photos
from aesthkeras.serving.formats.converting import convert

RESIZE_EDGE, CROP = 110, 96
CLASS_NAMES = [f"class {index}" for index in range(22)]


@dataclass(frozen=True)
class Exported:
    """What was exported, and where it lies."""

    encoder: keras.Model
    head: keras.Model
    path: Path
    resize_edge: int = RESIZE_EDGE
    crop: int = CROP


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """(height, width, seed) -> a JPEG."""
    return lambda height, width, seed=0: tf.io.encode_jpeg(_photo(height, width, seed)).numpy()


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    """(height, width, seed) -> a PNG."""
    return lambda height, width, seed=0: tf.io.encode_png(_photo(height, width, seed)).numpy()


def _photo(height: int, width: int, seed: int) -> tf.Tensor:
    coarse = np.random.default_rng(seed).integers(0, 256, (1, 6, 6, 3)).astype(np.float32)
    return tf.cast(tf.round(tf.image.resize(coarse, (height, width))[0]), tf.uint8)


def make_encoder(name: str = "alexnet") -> keras.Model:
    encoder = build_encoder(name, input_size=CROP, width=0.125)
    pixels = np.random.default_rng(1).integers(0, 256, (8, CROP, CROP, 3), np.uint8)
    encoder(pixels, training=True)  # moving statistics that are not the initial ones
    return encoder


def make_head() -> keras.Model:
    embedding = keras.Input((512,))
    logits = keras.layers.Dense(22, kernel_initializer=keras.initializers.HeNormal(seed=2))(embedding)
    return keras.Model(embedding, {"logits": logits})


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    encoder, head = make_encoder(), make_head()
    path = export_encoder(
        encoder,
        tmp_path_factory.mktemp("savedmodels") / "tiny",
        resize_edge=RESIZE_EDGE,
        head=head,
        class_names=CLASS_NAMES,
        assets={"flags.cfg": "--seed=0\n", "picture.bin": b"\x00\xff"},
    )
    return Exported(encoder, head, path)


@pytest.fixture(scope="session")
def loaded(export: Exported):
    return tf.saved_model.load(str(export.path))


@pytest.fixture(scope="session")
def scorer() -> keras.Model:
    """A scorer of ratings 1 to 7 on conv5 and the embedding of the tiny encoder."""
    network = build_network({"conv5": 512, "embedding": 512}, hidden=[8], outputs=7, dropout=0.5, seed=1)
    return build_scorer(network, "distribution", threshold=4.1, temperature=0.5)


@pytest.fixture(scope="session")
def scorer_export(export: Exported, scorer: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_scorer(
        export.encoder,
        scorer,
        tmp_path_factory.mktemp("savedmodels") / "scorer",
        resize_edge=RESIZE_EDGE,
        meaning={"target": "distribution", "threshold": 4.1},
        head=export.head,
        class_names=CLASS_NAMES,
    )


@pytest.fixture(scope="session")
def loaded_scorer(scorer_export: Path):
    return tf.saved_model.load(str(scorer_export))


@pytest.fixture(scope="session")
def converted(scorer_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """(format, precision) -> the scorer in that format, converted once."""
    folder, made = tmp_path_factory.mktemp("converted"), {}
    (folder / "photos").mkdir()
    for path in sample_photos():
        (folder / "photos" / Path(path).name).symlink_to(path)

    def convert_once(kind: str, precision: str = "float32") -> Path:
        if (kind, precision) not in made:
            out = folder / f"{precision}.{kind}"
            made[kind, precision] = convert(
                Export.open(scorer_export), out, kind, precision, str(folder / "photos")
            )
        return made[kind, precision]

    return convert_once


@pytest.fixture
def mixed_bfloat16():
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    keras.mixed_precision.set_global_policy(before)
