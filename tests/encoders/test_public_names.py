"""What `aesthkeras.encoders` offers, and that it costs nothing before it is used."""

from __future__ import annotations

import subprocess
import sys

from aesthkeras import encoders


def test_every_public_name_is_there():
    assert {"AlexNet", "ResNet18", "build_encoder"} <= set(encoders.__all__)
    for name in encoders.__all__:
        assert getattr(encoders, name) is not None


def test_importing_the_room_does_not_load_tensorflow():
    code = "import sys, aesthkeras.encoders; print('tensorflow' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "False\n"
