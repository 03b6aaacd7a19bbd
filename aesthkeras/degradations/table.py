"""Table 1 of the paper: ten editing operations, their parameters, and the 22 classes they make with None.

Seven photo faults beyond the paper follow, a named extension: `--edits=extended`.

Nothing here needs TensorFlow, so a command can list, name and check classes before loading it.
"""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.errors import UsageError


@dataclass(frozen=True)
class Operation:
    """One row of Table 1.

    Attributes:
        name: the operation's name, also the name of its module in this package.
        attribute: what the paper says the operation spoils.
        parameters: milder first where there is an order.
        ordered: whether a later parameter always departs further from the original (gives triplets).
    """

    name: str
    attribute: str
    parameters: tuple[float, ...]
    ordered: bool = True


@dataclass(frozen=True)
class Degradation:
    """One class that pre-training tells apart.

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
"""What goes wrong with photos and is not in Table 1: an extension of ours, milder parameters first."""


def _classes(operations: tuple[Operation, ...]) -> tuple[Degradation, ...]:
    edits = [(operation.name, parameter) for operation in operations for parameter in operation.parameters]
    named = [
        Degradation(index, f"{operation}_{parameter}", operation, parameter)
        for index, (operation, parameter) in enumerate(edits, start=1)
    ]
    return (Degradation(0, "none"), *named)


CLASSES: tuple[Degradation, ...] = _classes(OPERATIONS)
"""All 22 classes by index: None, then Table 1 from top to bottom, milder parameters first."""

EXTENDED_CLASSES: tuple[Degradation, ...] = _classes((*OPERATIONS, *FAULTS))
"""The 22 classes, and behind them those of the faults: 36."""

EDITS: dict[str, tuple[tuple[Operation, ...], tuple[Degradation, ...]]] = {
    "table1": (OPERATIONS, CLASSES),
    "extended": ((*OPERATIONS, *FAULTS), EXTENDED_CLASSES),
}
"""What `--edits` names: operations and classes."""


def operation_named(name: str) -> Operation:
    """Return the operation of that name; UsageError lists the names if there is none."""
    for operation in (*OPERATIONS, *FAULTS):
        if operation.name == name:
            return operation
    known = ", ".join(operation.name for operation in (*OPERATIONS, *FAULTS))
    raise UsageError(f"no operation is called {name!r}: expected one of {known}")


def classes_of(operation: str) -> tuple[Degradation, ...]:
    """Return the classes of an operation in the order of its parameters (milder first where ordered)."""
    operation_named(operation)
    return tuple(degradation for degradation in EXTENDED_CLASSES if degradation.operation == operation)


ORDERED_PAIRS: tuple[tuple[int, ...], ...] = tuple(
    tuple(degradation.index for degradation in classes_of(operation.name))
    for operation in (*OPERATIONS, *FAULTS)
    if operation.ordered
)
"""(milder, stronger) class indices of the ordered operations, those of Table 1 first: what forms triplets."""

_CHOICES = {
    "jpeg": ("auto", "codec", "dct"),
    "blur_unit": ("percent", "pixel"),
    "noise_scale": ("standardised", "unit"),
}


@dataclass(frozen=True)
class DegradationSettings:
    """How the open points of Table 1 are settled.

    Attributes:
        jpeg: `codec` is libjpeg (CPU only), `dct` its batched imitation that runs anywhere, `auto` picks
            by device.
        blur_unit: sigma in `percent` of the shorter edge (0.45 and 1.8 px up to 227 px, then in proportion)
            or in `pixel`, where 0.2 px vanishes in the 8-bit rounding.
        noise_scale: the variance is that of the `standardised` image (sigma = sqrt(v) x 0.226 on [0, 1]) or
            of the `unit` range, where 0.8 leaves nothing of the photo.
        eight_bit: round every view, the undegraded one too, to 8 bits; otherwise a network reads the
            operation off fractional pixel values instead of looking at the picture.

    Raises:
        UsageError: a value is none of those named.
    """

    jpeg: str = "auto"
    blur_unit: str = "percent"
    noise_scale: str = "standardised"
    eight_bit: bool = True

    def __post_init__(self) -> None:
        for field, choices in _CHOICES.items():
            value = getattr(self, field)
            if value not in choices:
                raise UsageError(f"degradation setting {field} is {value!r}: expected {', '.join(choices)}")
        if not isinstance(self.eight_bit, bool):
            raise UsageError(f"degradation setting eight_bit is {self.eight_bit!r}: expected True or False")
