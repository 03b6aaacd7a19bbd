"""Table 1 of the paper: ten editing operations, their parameters, and the 22 classes they make with None.

An extension of ours adds seven faults of photos: `edits="extended"`.

Nothing here needs TensorFlow, so a command can list, name and check classes before it loads TensorFlow.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from aesthkeras.errors import UsageError
from aesthkeras.settings import require


@dataclass(frozen=True)
class Operation:
    """One row of Table 1, or of the extension.

    Attributes:
        name: the operation's name; `layer_table.LAYERS` has its Keras layer.
        attribute: what the operation spoils, as the paper calls it.
        parameters: milder first where there is an order.
        ordered: whether the second parameter always changes a photo more than the first (such pairs form the
            triplets of Eq. 2).
    """

    name: str
    attribute: str
    parameters: tuple[float, ...]
    ordered: bool = True


@dataclass(frozen=True)
class DegradationClass:
    """One of the classes that the encoder is trained to tell apart.

    Attributes:
        index: the class index, 0 for None.
        name: `none`, or operation and parameter such as `jpeg_60` and `gaussian_noise_0.2`.
        operation: the operation's name; None for class 0.
        parameter: the operation's parameter; None for class 0.
    """

    index: int
    name: str
    operation: str | None = None
    parameter: float | None = None


OPERATIONS: tuple[Operation, ...] = (
    Operation("jpeg", "Much noise", (60, 10)),
    Operation("gaussian_noise", "Much noise", (0.2, 0.8)),
    # A quarter turn is no milder than a half turn.
    Operation("rotation", "Camera shake", (90, 180, 270), ordered=False),
    Operation("downsampling", "Soft / Grainy", (4, 6)),
    Operation("quantization", "Soft / Grainy", (64, 8)),
    Operation("pixelation", "Soft / Grainy", (4, 8)),
    # Too dark and too bright are two faults, not two degrees of one.
    Operation("exposure", "Poor lighting", (0.5, 3.0), ordered=False),
    Operation("gaussian_blur", "Fuzzy", (0.2, 0.8)),
    Operation("patch_shuffle", "Distracting", (0.1, 0.5)),
    Operation("mixup", "Distracting", (0.1, 0.4)),
)

ATTRIBUTES: dict[str, str] = {
    "noise": "Much noise",
    "camera_shake": "Camera shake",
    "soft": "Soft / Grainy",
    "lighting": "Poor lighting",
    "fuzzy": "Fuzzy",
    "distracting": "Distracting",
}
"""The attributes of Table 1: a word for flags -> as the paper has them."""


FAULTS: tuple[Operation, ...] = (
    Operation("motion_blur", "Camera shake", (2.2, 4.8)),
    Operation("defocus", "Fuzzy", (1.2, 3.0)),
    Operation("underexposure", "Poor lighting", (0.7, 0.3)),
    Operation("overexposure", "Poor lighting", (1.4, 2.0)),
    Operation("contrast", "Flat", (0.6, 0.3)),
    Operation("haze", "Flat", (0.3, 0.6)),
    Operation("saturation", "Pale", (0.5, 0.1)),
)
"""Faults of photos that Table 1 does not have: an extension of ours, milder parameters first."""

DAMAGES: tuple[Operation, ...] = (
    Operation("sharpening", "Overdone", (1.5, 3.0)),
    Operation("enlarging", "Soft / Grainy", (1.5, 2.5)),
    Operation("bars", "Framed", (0.08, 0.16)),
)
"""What else makes a photo worse: no pretext task asks for it, scorers learn it from copies; ours."""


def _classes(operations: tuple[Operation, ...]) -> tuple[DegradationClass, ...]:
    edits = [(operation.name, parameter) for operation in operations for parameter in operation.parameters]
    named = [
        DegradationClass(index, f"{operation}_{parameter}", operation, parameter)
        for index, (operation, parameter) in enumerate(edits, start=1)
    ]
    return (DegradationClass(0, "none"), *named)


CLASSES: tuple[DegradationClass, ...] = _classes(OPERATIONS)
"""All 22 classes by index: None, then Table 1 from top to bottom, milder parameters first."""

EXTENDED_CLASSES: tuple[DegradationClass, ...] = _classes((*OPERATIONS, *FAULTS))
"""36 classes: the 22 of `CLASSES`, then those of `FAULTS`."""

COPY_CLASSES: tuple[DegradationClass, ...] = _classes((*OPERATIONS, *DAMAGES))
"""28 classes: the 22 of `CLASSES`, then those of `DAMAGES`."""

EDITS: dict[str, tuple[tuple[Operation, ...], tuple[DegradationClass, ...]]] = {
    "table1": (OPERATIONS, CLASSES),
    "extended": ((*OPERATIONS, *FAULTS), EXTENDED_CLASSES),
}
"""The values of `edits`: operations and classes."""


def drawn_operations(edits: str, leave_out: str) -> list[Operation]:
    """The operations that the pretext task draws from.

    Args:
        edits: a key of `EDITS`.
        leave_out: a key of `ATTRIBUTES`, whose operations are left out (the paper's Table 4), or `none`.

    Raises:
        UsageError: an unknown key.
    """
    if edits not in EDITS:
        raise UsageError(f"edits={edits}: expected {', '.join(EDITS)}")
    if leave_out not in ("none", *ATTRIBUTES):
        raise UsageError(f"leave_out={leave_out}: expected none, {', '.join(ATTRIBUTES)}")
    operations, _ = EDITS[edits]
    return [operation for operation in operations if operation.attribute != ATTRIBUTES.get(leave_out)]


def operation_named(name: str) -> Operation:
    """The operation of that name; the UsageError for an unknown one lists all names."""
    for operation in (*OPERATIONS, *FAULTS):
        if operation.name == name:
            return operation
    known = ", ".join(operation.name for operation in (*OPERATIONS, *FAULTS))
    raise UsageError(f"no operation is called {name!r}: expected one of {known}")


def classes_of(operation: str) -> tuple[DegradationClass, ...]:
    """The classes of an operation in the order of its parameters (milder first where ordered)."""
    operation_named(operation)
    return tuple(degradation for degradation in EXTENDED_CLASSES if degradation.operation == operation)


ORDERED_PAIRS: tuple[tuple[int, ...], ...] = tuple(
    tuple(degradation.index for degradation in classes_of(operation.name))
    for operation in (*OPERATIONS, *FAULTS)
    if operation.ordered
)
"""(milder, stronger) class indices of the ordered operations, those of Table 1 first; Eq. 2 compares them."""

_CHOICES = {
    "jpeg": ("auto", "codec", "dct"),
    "blur_unit": ("percent", "pixel"),
    "noise_scale": ("standardised", "unit"),
    "quantization": ("levels", "palette"),
}


@dataclass(frozen=True)
class DegradationSettings:
    """How points that Table 1 leaves open are settled.

    Attributes:
        jpeg: `codec` is libjpeg, which runs on a CPU; `dct` computes the same in batches on any device;
            `auto` chooses by the device.
        blur_unit: sigma of the Gaussian blur in `percent` of the shorter edge (0.45 and 1.8 px up to 227 px,
            more in larger photos), or in `pixel`; 0.2 px would vanish in the rounding to 8 bits.
        noise_scale: whether the variance of the noise is that of the `standardised` photo (sigma = sqrt(v) x
            0.226 on [0, 1]) or of the `unit` range [0, 1]; there 0.8 leaves nothing of the photo.
        quantization: whether 64 and 8 are evenly spaced `levels` of each channel, or the colours of a
            `palette` of the photo's own.
        eight_bit: round every view to 8 bits, the undegraded one too. Otherwise a network recognises the
            operation by fractions of levels instead of looking at the picture.

    Raises:
        UsageError: a value that is none of those named.
    """

    jpeg: str = "auto"
    blur_unit: str = "percent"
    noise_scale: str = "standardised"
    quantization: str = "levels"
    eight_bit: bool = True

    def __post_init__(self) -> None:
        for field, choices in _CHOICES.items():
            require(self, field, getattr(self, field) in choices, ", ".join(choices))
        require(self, "eight_bit", isinstance(self.eight_bit, bool), "True or False")

    def resolved(self, device: str) -> DegradationSettings:
        """The same with `jpeg="auto"` replaced: by `codec` if `device` is `cpu`, by `dct` if it is `gpu`.

        Raises:
            UsageError: another device.
        """
        if device not in ("cpu", "gpu"):
            raise UsageError(f"device={device}: expected cpu or gpu")
        if self.jpeg != "auto":
            return self
        return dataclasses.replace(self, jpeg="codec" if device == "cpu" else "dct")
