"""The flags of the degradation task. This file imports no TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aesthkeras.degradations.table import ATTRIBUTES, DegradationSettings, Operation, drawn_operations
from aesthkeras.pretext.options import TaskOptions
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class DegradationOptions(TaskOptions):
    """The numbers of the degradation task; the paper's are the defaults."""

    operations_per_patch: int = setting(3, "operations drawn for each patch")
    parameters_per_operation: int = setting(2, "parameters of each drawn operation; 1 gives no triplets")
    edits: str = setting(
        "table1",
        "the operations of Table 1, or these and seven more faults of photos (beyond the paper)",
        ["table1", "extended"],
    )
    block_weight: float = setting(
        0.0, "weight of the same classification from every conv block's mean (beyond the paper); 0 for none"
    )
    leave_out: str = setting(
        "none", "attribute of Table 1 whose operations are not drawn (Table 4)", ["none", *ATTRIBUTES]
    )
    classification_weight: float = setting(1.0, "weight of Eq. 1 in Eq. 3; 0 leaves the triplet loss alone")
    triplet_weight: float = setting(0.02, "lambda of Eq. 3")
    triplet_margin: float = setting(1.0, "margin of Eq. 2, whose distances go from 0 to 2")
    triplet_start: str = setting(
        "epoch",
        "what switches the triplet loss on: --triplet_epoch, or a plateau of Eq. 1",
        ["epoch", "plateau"],
    )
    triplet_epoch: int = setting(30, "epochs before the triplet loss with --triplet_start=epoch")
    plateau_epochs: int = setting(3, "epochs without progress that make a plateau")
    plateau_progress: float = setting(0.01, "share by which Eq. 1 must fall to count as progress")
    entropy_alpha: float = setting(5 / 3, "alpha of the entropy weight; 0 switches the weighting off")
    entropy_epoch: int = setting(5, "warm-up: epochs before the entropy weight; the paper says several")
    entropy_of: str = setting(
        "applied",
        "entropy of the applied edit, -P_t log P_t with the P_t of Eq. 1, or of the whole prediction",
        ["applied", "prediction"],
    )
    entropy_per: str = setting("patch", "one entropy weight per patch, or per view", ["patch", "view"])
    entropy_unit: str = setting(
        "nats",
        "entropy in nats, or that of the prediction normalised: divided by the log of the number of classes",
        ["nats", "normalised"],
    )
    blur_unit: str = setting(
        "percent",
        "sigma of the blur in percent of the patch's shorter edge (of 227 pixels at least), or in pixels",
        ["percent", "pixel"],
    )
    noise_scale: str = setting(
        "standardised", "noise variance of the standardised image, or of [0, 1]", ["standardised", "unit"]
    )
    quantization: str = setting(
        "levels",
        "quantization to 64 and 8 levels of each channel, or to a palette of as many colours",
        ["levels", "palette"],
    )
    jpeg: str = setting(
        "auto",
        "JPEG by libjpeg, by its batched form, or by whichever suits the device",
        ["auto", "codec", "dct"],
    )
    eight_bit: bool = setting(True, "round every view to 8 bits, as a photo on disk is")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        most = len(self.operations())
        require(self, "operations_per_patch", 1 <= self.operations_per_patch <= most, f"1 to {most}")
        require(self, "parameters_per_operation", self.parameters_per_operation in (1, 2), "1 or 2")
        weights = ("classification_weight", "block_weight", "triplet_weight", "entropy_alpha")
        for name in (*weights, "triplet_margin", "triplet_epoch", "entropy_epoch"):
            require(self, name, 0 <= getattr(self, name) < math.inf, "a number, 0 or more")
        triplets = self.parameters_per_operation == 2 and self.triplet_weight > 0
        trains = triplets or self.classification_weight > 0 or self.block_weight > 0
        expected = "above 0, for with these flags nothing else trains the encoder"
        require(self, "classification_weight", trains, expected)
        has_unit = self.entropy_unit == "nats" or self.entropy_of == "prediction"
        require(self, "entropy_unit", has_unit, "nats, without entropy_of=prediction")
        require(self, "plateau_epochs", self.plateau_epochs >= 1, "at least 1")
        require(self, "plateau_progress", 0 <= self.plateau_progress < 1, "0 or more, below 1")

    def operations(self) -> list[Operation]:
        """The operations that are drawn."""
        return drawn_operations(self.edits, self.leave_out)

    def degradation_settings(self) -> DegradationSettings:
        """The settings that decide the pixels of edited views."""
        return DegradationSettings(
            jpeg=self.jpeg,
            blur_unit=self.blur_unit,
            noise_scale=self.noise_scale,
            quantization=self.quantization,
            eight_bit=self.eight_bit,
        )


OPTIONS = DegradationOptions
