"""Damage that only scorers learn of: oversharpening, enlarging, bars."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from aesthkeras.degradations import CLASSES, COPY_CLASSES, Bars, Downsampling, Sharpening, degrade, layer_of


def test_classes_of_copies_begin_with_those_of_table_1():
    assert COPY_CLASSES[:22] == CLASSES
    assert [item.name for item in COPY_CLASSES[22:]] == [
        *("sharpening_1.5", "sharpening_3.0", "enlarging_1.5", "enlarging_2.5", "bars_0.08", "bars_0.16"),
    ]
    assert [item.index for item in COPY_CLASSES] == list(range(28))


def test_sharpening_is_pillows(photos):
    for photo, own in zip(photos, Sharpening(3.0)(photos).numpy().astype(float)):
        # Pillow's blur is three box blurs, and it rounds in between
        theirs = Image.fromarray(photo).filter(ImageFilter.UnsharpMask(3, 300, threshold=0))
        inside = np.abs(own - np.asarray(theirs, float))[12:-12, 12:-12]
        assert inside.mean() < 3 and (inside > 20).mean() < 0.01
        assert np.abs(own - photo).mean() > 5


def test_bars_are_white_or_black_and_the_rest_is_the_photo():
    gray = np.full((40, 100, 60, 3), 77, np.uint8)
    framed = Bars(0.16)(gray, seed=(1, 2)).numpy()
    np.testing.assert_array_equal(framed[:, 16:84], gray[:, 16:84])
    bars = np.concatenate([framed[:, :16], framed[:, 84:]], axis=1)
    assert (bars == bars[:, :1, :1, :1]).all()  # one colour a photo
    colours, counts = np.unique(bars[:, 0, 0, 0], return_counts=True)
    assert colours.tolist() == [0, 255] and counts.min() > 10


def test_enlarging_is_shrinking_and_enlarging(photos):
    enlarged = next(item for item in COPY_CLASSES if item.name == "enlarging_1.5")
    np.testing.assert_array_equal(layer_of(enlarged)(photos), Downsampling(1.5)(photos))


def test_a_batch_is_damaged_as_by_the_layers(photos):
    classes = np.array([[22, 24, 26]] * len(photos), np.int32)
    copies = degrade(photos, classes, (3, 4), vocabulary=COPY_CLASSES).numpy()
    np.testing.assert_array_equal(copies[:, 0], Sharpening(1.5)(photos))
    np.testing.assert_array_equal(copies[:, 1], Downsampling(1.5)(photos))
    thickness = round(0.08 * photos.shape[1])
    assert set(np.unique(copies[:, 2, :thickness])) <= {0, 255}


@pytest.mark.parametrize(
    ("layer", "arguments", "expected"),
    [
        (Sharpening, {"amount": -1}, "amount=-1: expected 0 or more"),
        (Sharpening, {"amount": 1, "radius": 0}, "radius=0: expected more than 0"),
        (Bars, {"share": 0.6}, "share=0.6: expected 0 to 0.5"),
    ],
)
def test_values_out_of_range_are_refused(layer, arguments, expected):
    with pytest.raises(ValueError, match=f"^{expected}"):
        layer(**arguments)
