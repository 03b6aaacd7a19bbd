"""Mutated photos of every format: refused in a sentence or decoded in the size that Pillow sees, and at once.

The suite takes some hundred. For more, with another seed:

    FUZZ_PHOTOS=20000 FUZZ_SEED=7 python -m pytest -n 0 --timeout=0 tests/decoding/test_fuzz.py

A photo follows from its seed, format and number, which a failure names; `photo_of` makes it again.
"""

from __future__ import annotations

import io
import os
import time
import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps, UnidentifiedImageError

from aesthkeras.decoding.limits import MAX_ASPECT, MAX_PIXELS, MIN_EDGE
from aesthkeras.photos.photo_files import decoding_error, look_at, photo_decoder
from tests.decoding.mutations import STRUCTURES, base_files, mutated

PHOTOS = int(os.environ.get("FUZZ_PHOTOS", "480"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
ORIENTATION = 0x0112
SECONDS, SECONDS_A_MEGAPIXEL = 1.5, 0.3  # of processor time, which other processes do not lengthen


@pytest.fixture(scope="module")
def files(photo, encoded, tmp_path_factory):
    found = base_files(photo, encoded)
    path = str(tmp_path_factory.mktemp("whole") / "photo")
    for contents in sum(found.values(), []):
        pixels, _ = outcome_of(contents, path)  # traces the graphs
        assert sorted(pixels.shape) == [3, 44, 60]
    return found


def photo_of(files, format_name, number):
    chance = np.random.default_rng([SEED, list(STRUCTURES).index(format_name), number])
    return mutated(files[format_name][number % len(files[format_name])], format_name, chance)


def opened(file):
    try:
        return Image.open(file)
    except UnidentifiedImageError:
        from pillow_heif import HeifImageFile  # which is not registered: other tests do without it

        return HeifImageFile(file)


def sizes_by_pillow(contents):
    """The one height and width that Pillow says, upright; both ways round where it reads no orientation.

    It reads none of EXIF data that are cut before it. Empty where Pillow does not decode the file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = opened(io.BytesIO(contents))
            image.load()
            is_named = ORIENTATION in image.getexif()
            width, height = ImageOps.exif_transpose(image).size
        except Exception:
            return set()
    return {(height, width)} if is_named else {(height, width), (width, height)}


def outcome_of(contents, path):
    """Pixels, or the reason for which there are none, as `prepare` and `score` find them in a file."""
    with open(path, "wb") as file:
        file.write(contents)
    look = look_at(path)
    if look.refusal:
        return None, look.refusal
    try:
        return photo_decoder(look.more_formats)(tf.io.read_file(path), "").numpy(), ""
    except tf.errors.OpError as error:
        return None, decoding_error(error)


@pytest.mark.parametrize("format_name", STRUCTURES)
def test_a_mutated_photo_is_decoded_or_refused_at_once(format_name, files, tmp_path):
    if format_name not in files:
        pytest.skip(f"nothing here writes {format_name}")
    path = str(tmp_path / "photo")
    decoded = 0
    for number in range(max(1, PHOTOS // len(files))):
        contents = photo_of(files, format_name, number)
        began = time.process_time()
        pixels, reason = outcome_of(contents, path)
        took = time.process_time() - began
        which = f"{format_name} {number} of seed {SEED}: {reason or pixels.shape}, {took:.2f} s"
        megapixels = 0 if pixels is None else pixels.size / 3e6
        assert took < SECONDS + SECONDS_A_MEGAPIXEL * megapixels, which
        if pixels is None:
            assert reason and "\n" not in reason and "{{" not in reason, which
            continue
        decoded += 1
        height, width, channels = pixels.shape
        assert pixels.dtype == np.uint8 and channels == 3, which
        assert min(height, width) >= MIN_EDGE and max(height, width) <= MAX_ASPECT * min(height, width), which
        assert height * width <= MAX_PIXELS, which
        expected = sizes_by_pillow(contents)
        assert not expected or (height, width) in expected, f"{which}; Pillow: {expected}"
    assert decoded  # some changes are of no consequence
