"""The preview sheet: every class of every photo is where its label says."""

from __future__ import annotations

import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from aesthkeras.degradations import contact_sheet
from aesthkeras.degradations.batch import degrade
from aesthkeras.degradations.table import CLASSES, DegradationSettings
from aesthkeras.errors import UsageError


@pytest.fixture
def photos(tmp_path) -> list[str]:
    paths = []
    for name in ("coffee", "astronaut"):
        paths.append(str(tmp_path / f"{name}.png"))
        Image.fromarray(getattr(data, name)()).save(paths[-1])
    return paths


def test_cells_hold_the_views_in_the_order_of_the_classes(photos, tmp_path):
    out = tmp_path / "sheet.png"
    broken = tmp_path / "broken.jpg"
    broken.write_text("no photo")
    paths = [photos[0], str(broken), photos[1]]
    unusable = contact_sheet.write_contact_sheet(paths, str(out), 100, 96, 3, DegradationSettings())
    assert [path for path, _ in unusable] == [str(broken)]
    assert "not a JPEG" in unusable[0][1]
    sheet = np.asarray(Image.open(out))
    height = sheet.shape[0] // 2
    columns, margin, label = contact_sheet.CELLS_PER_ROW, contact_sheet.MARGIN, contact_sheet.LABEL_HEIGHT

    def cell(photo: int, index: int) -> np.ndarray:
        top = photo * height + label + index // columns * (96 + label + margin) + label
        left = margin + index % columns * (96 + margin)
        return sheet[top : top + 96, left : left + 96]

    patches = tf.constant(np.stack([cell(0, 0), cell(1, 0)]))
    classes = tf.constant([list(range(len(CLASSES)))] * 2)
    views = degrade(patches, classes, tf.constant([3, 0]), DegradationSettings()).numpy()
    for photo in range(2):
        for index in range(len(CLASSES)):
            name = CLASSES[index].name
            np.testing.assert_array_equal(cell(photo, index), views[photo, index], err_msg=name)
    # The undegraded cell is the photo itself: Pillow's box resize of its middle, to a few levels.
    with Image.open(photos[1]) as photo:
        middle = np.asarray(photo.resize((100, 100), Image.Resampling.BOX))[2:98, 2:98].astype(float)
    assert np.abs(cell(1, 0) - middle).mean() < 3


def test_webp_and_names_that_are_no_utf8_are_drawn(tmp_path):
    green = Image.new("RGB", (100, 100), (10, 200, 30))
    green.save(tmp_path / "green.webp", lossless=True)
    name = os.fsencode(tmp_path) + b"/caf\xe9.png"
    with open(name, "wb") as file:
        green.save(file, "PNG")
    paths, out = [str(tmp_path / "green.webp"), os.fsdecode(name)], str(tmp_path / "sheet.png")
    assert contact_sheet.write_contact_sheet(paths, out, 100, 96, 0, DegradationSettings()) == []
    sheet = Image.open(out)
    left, top = contact_sheet.MARGIN, 2 * contact_sheet.LABEL_HEIGHT
    assert sheet.getpixel((left, top)) == sheet.getpixel((left, sheet.height // 2 + top)) == (10, 200, 30)


@pytest.mark.parametrize("name", ["s.xbm", "s.h5", "s.webp", "s.jpg", "s.tga"])
def test_a_format_that_cannot_hold_the_sheet_is_a_mistake(name, tmp_path):
    tall = Image.new("RGB", (8, 70_000))
    with pytest.raises(UsageError, match=rf"out=.*{name}: expected a format that takes RGB of 8 x 70000"):
        contact_sheet.save(tall, str(tmp_path / name))
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_when_no_photo_can_be_used(tmp_path):
    with pytest.raises(UsageError, match="missing.jpg.*no such file"):
        contact_sheet.write_contact_sheet(
            [str(tmp_path / "missing.jpg")], str(tmp_path / "out.png"), 100, 96, 0, DegradationSettings()
        )
    assert not (tmp_path / "out.png").exists()


def test_an_old_sheet_survives_a_name_that_is_no_picture(photos, tmp_path):
    out = tmp_path / "sheet.txt"
    out.write_text("mine")
    with pytest.raises(UsageError, match="out"):
        contact_sheet.write_contact_sheet(photos, str(out), 100, 96, 0, DegradationSettings())
    assert out.read_text() == "mine"
