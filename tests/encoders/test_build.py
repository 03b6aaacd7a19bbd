"""Encoders by name, and what is refused."""

from __future__ import annotations

import pytest

from aesthkeras.encoders import AlexNet, AlexNetLab, ResNet18, build_encoder
from aesthkeras.errors import UsageError


@pytest.mark.parametrize("name", ["alexnet", "alexnet_lab", "resnet18"])
def test_name_picks_the_encoder(name: str):
    assert build_encoder(name, input_size=96, width=0.125).name == name


@pytest.mark.parametrize("encoder", [AlexNet, ResNet18, AlexNetLab])
def test_each_function_refuses_what_it_cannot_build(encoder):
    for options in ({"input_size": 95}, {"weight_decay": -1.0}, {"width": 0.0}):
        with pytest.raises(UsageError, match=f"^{next(iter(options))}=.*: expected "):
            encoder(**options)


@pytest.mark.parametrize(
    "options, argument",
    [
        ({"name": "vgg"}, "name=vgg"),
        ({"width": 0}, "width=0"),
        ({"width": -0.5}, "width=-0.5"),
        ({"width": float("nan")}, "width=nan"),
        ({"input_size": 95}, "input_size=95"),
        ({"weight_decay": -1e-4}, "weight_decay=-0.0001"),
    ],
)
def test_refused_in_one_line_that_names_the_argument(options: dict, argument: str):
    with pytest.raises(UsageError) as error:
        build_encoder(**{"name": "alexnet", **options})
    assert str(error.value).startswith(f"{argument}: expected ")
    assert "\n" not in str(error.value)
