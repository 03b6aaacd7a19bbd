"""On which devices a training runs. This file imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class DeviceSettings:
    """Settings of all that trains; they decide where it runs, not what it learns."""

    replicas: str = setting(
        "auto",
        "devices of this machine that share out each batch: auto for all GPUs, or one CPU; or their number",
    )
    deterministic: bool = setting(
        False,
        "GPUs: only operations that give the same bits each time, which are slower; CPUs do so anyway",
    )

    def __post_init__(self) -> None:
        """Checks the number; raises `UsageError` naming the flag."""
        is_number = self.replicas.isdecimal() and int(self.replicas) >= 1
        require(self, "replicas", self.replicas == "auto" or is_number, "auto or a number from 1 on")
