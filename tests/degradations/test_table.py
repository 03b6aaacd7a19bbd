from __future__ import annotations

import subprocess
import sys

import pytest

from aesthkeras import degradations
from aesthkeras.degradations import table
from aesthkeras.errors import UsageError


def test_classes_are_table_1_from_top_to_bottom():
    assert [degradation.name for degradation in table.CLASSES] == [
        "none",
        "jpeg_60", "jpeg_10",
        "gaussian_noise_0.2", "gaussian_noise_0.8",
        "rotation_90", "rotation_180", "rotation_270",
        "downsampling_4", "downsampling_6",
        "quantization_64", "quantization_8",
        "pixelation_4", "pixelation_8",
        "exposure_0.5", "exposure_3.0",
        "gaussian_blur_0.2", "gaussian_blur_0.8",
        "patch_shuffle_0.1", "patch_shuffle_0.5",
        "mixup_0.1", "mixup_0.4",
    ]  # fmt: skip
    assert [degradation.index for degradation in table.CLASSES] == list(range(22))
    assert (table.CLASSES[0].operation, table.CLASSES[0].parameter) == (None, None)
    assert (table.CLASSES[4].operation, table.CLASSES[4].parameter) == ("gaussian_noise", 0.8)


def test_attributes_are_those_of_table_1():
    attributes = {operation.name: operation.attribute for operation in table.OPERATIONS}
    assert len(table.OPERATIONS) == len(attributes) == 10
    assert attributes["jpeg"] == attributes["gaussian_noise"] == "Much noise"
    assert attributes["rotation"] == "Camera shake"
    assert attributes["downsampling"] == attributes["quantization"] == attributes["pixelation"]
    assert attributes["patch_shuffle"] == attributes["mixup"] == "Distracting"
    assert len(set(attributes.values())) == 6
    assert set(table.ATTRIBUTES.values()) == set(attributes.values())


def test_pairs_leave_out_rotation_and_exposure():
    named = [tuple(table.EXTENDED_CLASSES[index].name for index in pair) for pair in table.ORDERED_PAIRS]
    assert all(len(pair) == 2 for pair in named)
    assert len(named) == 8 + len(table.FAULTS)
    assert ("jpeg_60", "jpeg_10") in named
    assert ("quantization_64", "quantization_8") in named
    assert not any(milder.startswith(("rotation", "exposure")) for milder, _ in named)


def test_lookups():
    assert [degradation.index for degradation in table.classes_of("rotation")] == [5, 6, 7]
    assert table.operation_named("mixup").parameters == (0.1, 0.4)
    with pytest.raises(UsageError, match="'sepia'.*jpeg, gaussian_noise, rotation"):
        table.classes_of("sepia")


@pytest.mark.parametrize(
    "wrong",
    [{"jpeg": "webp"}, {"blur_unit": "cm"}, {"noise_scale": "db"}, {"quantization": 8}, {"eight_bit": 1}],
)
def test_wrong_settings_are_told_in_one_line(wrong):
    with pytest.raises(UsageError, match=rf"^{next(iter(wrong))}=.*: expected ") as caught:
        table.DegradationSettings(**wrong)
    assert "\n" not in str(caught.value)


def test_jpeg_form_follows_the_device():
    assert table.DegradationSettings().resolved("cpu").jpeg == "codec"
    assert table.DegradationSettings().resolved("gpu").jpeg == "dct"
    assert table.DegradationSettings(jpeg="codec").resolved("gpu").jpeg == "codec"
    with pytest.raises(UsageError, match="^device=tpu: expected cpu or gpu"):
        table.DegradationSettings().resolved("tpu")


def test_what_is_drawn():
    assert table.drawn_operations("table1", "none") == list(table.OPERATIONS)
    names = [operation.name for operation in table.drawn_operations("extended", "fuzzy")]
    assert "gaussian_blur" not in names and "defocus" not in names and len(names) == 15
    with pytest.raises(UsageError, match="^edits=all: expected table1, extended"):
        table.drawn_operations("all", "none")
    with pytest.raises(UsageError, match="^leave_out=hue: expected none, noise, camera_shake"):
        table.drawn_operations("table1", "hue")


def test_table_needs_no_tensorflow():
    script = (
        "import sys, aesthkeras.degradations.table; from aesthkeras.degradations import CLASSES; "
        "sys.exit(len(CLASSES) != 22 or 'tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_public_name_is_found_and_typed():
    """`__init__.pyi` is what editors and mypy read, and what `__init__.py` loads from."""
    assert {"GaussianBlur", "DegradedViews", "degrade", "CLASSES"} <= set(dir(degradations))
    for name in dir(degradations):
        assert getattr(degradations, name) is not None
    with pytest.raises(AttributeError, match="GausianBlur"):
        _ = degradations.GausianBlur
