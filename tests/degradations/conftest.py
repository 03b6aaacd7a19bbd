"""Real photos for the tests of the degradations: those that scikit-image and scikit-learn install."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

EDGE = 227


def _patch(photo: np.ndarray) -> np.ndarray:
    """Shorter edge to 256, then the middle 227 x 227: what pre-training cuts."""
    image = Image.fromarray(np.ascontiguousarray(photo[..., :3]))
    scale = 256 / min(image.size)
    image = image.resize([round(edge * scale) for edge in image.size], Image.Resampling.LANCZOS)
    left, top = ((edge - EDGE) // 2 for edge in image.size)
    return np.asarray(image.crop((left, top, left + EDGE, top + EDGE)))


@pytest.fixture(scope="session")
def photos() -> np.ndarray:
    """Six photos, uint8 [6, 227, 227, 3]."""
    loaded = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    loaded += [load_sample_image("china.jpg"), load_sample_image("flower.jpg")]
    return np.stack([_patch(photo) for photo in loaded])


@pytest.fixture(scope="session")
def images(photos: np.ndarray) -> np.ndarray:
    """The same photos, float32 in [0, 1]."""
    return photos.astype(np.float32) / 255
