"""The pre-training recipe: every number that the paper gives for any pretext task, as one dataclass.

Defaults are the paper's ("Implementation details"). The numbers of a single task are in the task's
`options.py`. This file imports no TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.settings import require, setting
from aesthkeras.training.sgd_settings import SgdSettings


@dataclass(frozen=True)
class Recipe(SgdSettings):
    """Everything that determines the trained weights, except the task's own options and the photos."""

    encoder_name: str = setting(
        "alexnet",
        "architecture of the encoder; alexnet_lab: two of half the width, for lightness and for colour",
        ["alexnet", "alexnet_lab", "resnet18"],
    )
    width: float = setting(1.0, "channel multiplier of the encoder")
    resize: int = setting(256, "shorter edge of a photo in pixels before cropping")
    crop: int = setting(227, "side of the square patch in pixels")
    batch_size: int = setting(64, "patches per step (each gives several views)")
    epochs: int = setting(50, "passes over the photos; the paper does not say, after 50 the rate is 3e-5")
    images_seen: int = setting(
        0, "ends the run after so many images through forward and backward, whatever --epochs; 0 for no limit"
    )
    crops_per_photo: int = setting(1, "random patches of each photo in one epoch")
    crops: str = setting(
        "plain",
        "how a patch is cut: plain, a square of its size; random_sized, a rectangle of 8 to 100% of the "
        "photo's area and 3:4 to 4:3, resized to the square",
        ["plain", "random_sized"],
    )
    shuffle_buffer: int = setting(
        0,
        "shards: how many photos are shuffled with one another, while shards are read in stretches of 8 MiB; "
        "0 reads each photo where it lies, in random order",
    )
    optimizer: str = setting(
        "sgd", "SGD with Nesterov momentum, or Adam, whose beta_1 is the momentum", ["sgd", "adam"]
    )
    learning_rate: float = setting(0.1, "learning rate at the start, 1e-10 to 100")
    learning_rate_drops: str = setting(
        "",
        "epochs after which the rate drops, such as 15,19,25; empty for every --learning_rate_epochs",
    )
    precision: str = setting(
        "auto",
        "arithmetic of the network: auto takes bfloat16 where the machine has it, float16 on older GPUs",
        ["auto", "float32", "bfloat16", "float16"],
    )
    start_from: str = setting(
        "",
        "encoder whose convolution blocks the training begins with: a SavedModel or a run folder of the same "
        "architecture and width, of any crop; empty for random ones",
    )
    seed: int = setting(0, "decides initial weights, order of the photos, crops and edits")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        super().__post_init__()
        for name in ("epochs", "crops_per_photo"):
            require(self, name, 1 <= getattr(self, name) <= 1_000_000, "1 to 1000000")
        require(self, "shuffle_buffer", 0 <= self.shuffle_buffer <= 10**9, "0 to 10**9")
        require(self, "images_seen", 0 <= self.images_seen <= 10**15, "0 to 10**15")
        require(self, "width", 0 < self.width <= 8, "a number above 0, at most 8")
        require(self, "crop", self.crop >= 96, "at least 96 pixels")
        require(self, "crop", self.crop <= self.resize, f"at most the shorter edge, resize={self.resize}")
        listed = self.learning_rate_drops.split(",") if self.learning_rate_drops else []
        numbers = all(epoch.strip().isdecimal() for epoch in listed)
        ascending = numbers and list(self.drops) == sorted({*self.drops} - {0})
        require(self, "learning_rate_drops", ascending, "ascending epochs from 1 on, such as 15,19,25")
        require(self, "seed", 0 <= self.seed < 2**31, "a number from 0 to 2147483647")

    @property
    def drops(self) -> tuple[int, ...]:
        """`learning_rate_drops` as numbers."""
        return tuple(map(int, filter(None, self.learning_rate_drops.split(","))))
