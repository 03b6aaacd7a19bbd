"""Settings of every run on labelled photos: folds, encoder, data set, folders. Imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.settings import require, setting
from aesthkeras.training.device_settings import DeviceSettings


def listed(text: str) -> list[str]:
    """The parts of a flag that takes several values, separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


@dataclass(frozen=True)
class FoldSettings:
    """Which photos train and which test, for probes and scorers."""

    protocol: str = setting(
        "auto",
        "split: train and test as the set (or --split) says; kfold: repeated cross-validation, groups never "
        "on both sides; auto: kfold for a csv without a split column where --split makes none, otherwise "
        "split",
        ["auto", "split", "kfold"],
    )
    folds: int = setting(5, "kfold: number of folds")
    repeats: int = setting(4, "kfold: how often the folds are drawn")
    seed: int = setting(0, "decides folds, label fractions, crops and initial weights")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "folds", 2 <= self.folds <= 1000, "2 to 1000 folds")
        require(self, "repeats", 1 <= self.repeats <= 10_000, "1 to 10000")
        require(self, "seed", 0 <= self.seed < 2**31, "a number from 0 to 2147483647")

    @property
    def repeats_splits(self) -> bool:
        """Whether a fixed split is repeated as well."""
        return False


@dataclass(frozen=True)
class LabelledRunSettings(DeviceSettings):
    """Which encoder and data set, and where results and caches lie."""

    encoder: str = setting(
        "",
        "a SavedModel folder, a run folder, random:alexnet?width=0.5&seed=0 (untrained), "
        "keras:MobileNetV2?weights=imagenet, a .keras file, a foreign SavedModel, alexnet:FILE.npz, or "
        "statistics; several, separated by commas, stand side by side; docs/encoders.md",
    )
    tiles: int = setting(
        0,
        "the square is cut into TILES x TILES squares of the encoder's own size, and the photo made that "
        "many times larger before: its blocks see finer detail; 0 for the encoder as it was exported",
    )
    calibration_dir: str = setting(
        "samples", "random encoder: folder of unlabelled photos whose statistics batch normalisation takes"
    )
    dataset: str = setting("csv", "what kind of data set", ["ava", "aadb", "cuhkpq", "csv", "xmp"])
    data_dir: str = setting(
        "", "root of the data set, in its published layout, or shards that `prepare` made"
    )
    run_dir: str = setting(
        "runs/probe", "folder of this run: flags, results.csv, predictions.npz, probe.json"
    )
    feature_dir: str = setting(
        "", "folder of the feature caches, which runs may share; empty for RUN_DIR/features"
    )
    cache: str = setting("none", "where decoded photos are kept", ["none", "memory", "disk"])
    checkpoint_minutes: float = setting(
        10.0, "gradient descent: minutes between two checkpoints inside a part"
    )

    def __post_init__(self) -> None:
        """Checks that nothing needed is empty; raises `UsageError` naming the flag."""
        DeviceSettings.__post_init__(self)
        require(self, "tiles", 0 <= self.tiles <= 8, "0 to 8")
        require(self, "checkpoint_minutes", self.checkpoint_minutes >= 0, "0 or more")
        require(self, "encoder", bool(self.encoder), "an encoder, as docs/encoders.md lists them")
        require(self, "data_dir", bool(self.data_dir), "the root of a data set")
        require(self, "run_dir", bool(self.run_dir), "a folder")
