"""Which layer makes which class: from the records of `table` to Keras layers."""

from __future__ import annotations

from collections.abc import Callable

from aesthkeras.degradations.bars import Bars
from aesthkeras.degradations.contrast import Contrast
from aesthkeras.degradations.downsampling import Downsampling
from aesthkeras.degradations.exposure import Exposure
from aesthkeras.degradations.gaussian_blur import GaussianBlur
from aesthkeras.degradations.gaussian_noise import GaussianNoise
from aesthkeras.degradations.haze import Haze
from aesthkeras.degradations.jpeg import JPEGCompression
from aesthkeras.degradations.layer import Degradation
from aesthkeras.degradations.mixup import Mixup
from aesthkeras.degradations.motion_blur import MotionBlur
from aesthkeras.degradations.patch_shuffle import PatchShuffle
from aesthkeras.degradations.pixelation import Pixelation
from aesthkeras.degradations.quantization import Quantization
from aesthkeras.degradations.rotation import Rotation
from aesthkeras.degradations.saturation import Saturation
from aesthkeras.degradations.sharpening import Sharpening
from aesthkeras.degradations.table import DegradationClass, DegradationSettings

LAYERS: dict[str, Callable[..., Degradation]] = {
    "jpeg": JPEGCompression,
    "gaussian_noise": GaussianNoise,
    "rotation": Rotation,
    "downsampling": Downsampling,
    "quantization": Quantization,
    "pixelation": Pixelation,
    "exposure": Exposure,
    "gaussian_blur": GaussianBlur,
    "patch_shuffle": PatchShuffle,
    "mixup": Mixup,
    "motion_blur": MotionBlur,
    "defocus": GaussianBlur,
    "underexposure": Exposure,
    "overexposure": Exposure,
    "contrast": Contrast,
    "haze": Haze,
    "saturation": Saturation,
    "sharpening": Sharpening,
    "enlarging": Downsampling,
    "bars": Bars,
}
"""The layer of each operation of `table`; its first argument is the operation's parameter."""

_SETTINGS = {
    "jpeg": {"form": "jpeg"},
    "gaussian_noise": {"scale": "noise_scale"},
    "quantization": {"form": "quantization"},
    "gaussian_blur": {"unit": "blur_unit"},
}
"""Operation -> argument of its layer -> the field of `DegradationSettings` that decides it."""


def layer_of(
    degradation: DegradationClass,
    settings: DegradationSettings = DegradationSettings(),  # noqa: B008 - frozen
) -> Degradation:
    """The layer that makes a class.

    Args:
        degradation: any of `table.EXTENDED_CLASSES` or `table.COPY_CLASSES` but class None.
        settings: how the open points of Table 1 are settled; `jpeg="auto"` is the codec.

    Raises:
        ValueError: class None, which leaves a photo as it is.
    """
    if degradation.operation is None:
        raise ValueError("degradation is class none: expected one with an operation")
    settings = settings.resolved("cpu")
    fields = _SETTINGS.get(degradation.operation, {})
    options = {argument: getattr(settings, field) for argument, field in fields.items()}
    return LAYERS[degradation.operation](degradation.parameter, **options)
