"""Which arithmetic `auto` picks, from what the machine says of itself."""

from __future__ import annotations

import pytest
import tensorflow as tf

from aesthkeras.training import precision


@pytest.mark.parametrize(
    ("capability", "expected"),
    [((9, 0), "bfloat16"), ((8, 0), "bfloat16"), ((7, 5), "float16"), ((6, 1), "float32")],
)
def test_auto_on_a_gpu_follows_its_compute_capability(monkeypatch, capability, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["gpu"])
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda device: {"compute_capability": capability}
    )
    assert precision.resolve_precision("auto") == expected
    assert precision.resolve_precision("float32") == "float32"


@pytest.mark.parametrize(
    ("flags", "expected"), [("avx2 avx512_bf16", True), ("amx_bf16 avx2", True), ("avx2 avx512f", False)]
)
def test_cpu_bfloat16_is_read_from_its_flags(tmp_path, flags, expected):
    (tmp_path / "cpuinfo").write_text(f"model name : one\nflags : fpu {flags}\n")
    assert precision.cpu_has_bfloat16(tmp_path / "cpuinfo") is expected


def test_where_nothing_is_known_it_is_float32(tmp_path, monkeypatch):
    assert precision.cpu_has_bfloat16(tmp_path / "missing") is False
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    monkeypatch.setattr(precision, "cpu_has_bfloat16", lambda: False)
    assert precision.resolve_precision("auto") == "float32"
