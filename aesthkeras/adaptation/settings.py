"""What a person may decide about linear probes. This file imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.settings import require, setting
from aesthkeras.sgd_settings import SgdSettings

# Batch normalisation's, as Keras has it, in both solvers. Without it a channel that is silent on nearly all
# training photos is blown up: standardised test values reached 7e9 (conv5, CLIVE), with 1e-5 still 222, with
# this 35; of other values it changes hardly anything.
EPSILON = 1e-3
BLOCKS = ("conv1", "conv2", "conv3", "conv4", "conv5")
POOLINGS = ["vissl", "deepcluster", "max", "zhang", "statistics"]


@dataclass(frozen=True)
class Protocol:
    """Which photos train and which test, for whatever is trained on labelled photos."""

    protocol: str = setting(
        "auto",
        "split: train and test as the set (or --split) says; kfold: repeated cross-validation, groups never "
        "on both sides; auto: kfold for a csv without a split column where --split makes none, otherwise "
        "split",
        ["auto", "split", "kfold"],
    )
    folds: int = setting(5, "kfold: number of folds")
    repeats: int = setting(4, "kfold: how often the folds are drawn anew")
    seed: int = setting(0, "decides folds, label fractions, crops and initial weights")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "folds", 2 <= self.folds <= 1000, "2 to 1000 folds")
        require(self, "repeats", 1 <= self.repeats <= 10_000, "1 to 10000")
        require(self, "seed", 0 <= self.seed < 2**31, "a number from 0 to 2147483647")

    @property
    def repeats_splits(self) -> bool:
        """Whether a fixed split is gone through more than once, too."""
        return False


@dataclass(frozen=True)
class ProbeRecipe(Protocol, SgdSettings):
    """What decides a probe's numbers, besides the encoder and the data set."""

    solver: str = setting(
        "lbfgs",
        "lbfgs: exact, regularised logistic regression on features extracted once, its strength chosen on "
        "the training part; sgd: the paper's probe, trained on random crops at the rates below",
        ["lbfgs", "sgd"],
    )
    layers: str = setting(",".join(BLOCKS), "blocks to probe, separated by commas")
    pooling: str = setting(
        "vissl",
        "how a block's output becomes about 9600 values: vissl (unpadded average pool), deepcluster (padded "
        "average pool), max (the same windows), zhang (bilinear resize); statistics is mean, deviation and "
        "greatest value of each channel",
        POOLINGS,
    )
    mirror: bool = setting(
        False, "lbfgs: train on each photo and its mirror image, test on the mean of both probabilities"
    )
    repeats: int = setting(
        4,
        "kfold: how often the folds are drawn anew; split: how often a label fraction below 1 is drawn anew",
    )
    label_fractions: str = setting(
        "1", "shares of the training labels to use, separated by commas, such as 0.01,0.1,1"
    )
    label_draws: str = setting(
        "balanced",
        "what a share below 1 keeps: balanced, as many labels of each class; stratified, as in the paper, "
        "that share of each class, which keeps the commoner one the commoner",
        ["balanced", "stratified"],
    )
    seeds: int = setting(1, "sgd: number of initialisations trained side by side; predictions are their mean")
    epochs: int = setting(30, "sgd: passes over the training photos; the paper does not say")
    decay: str = setting(
        "given",
        "sgd: given takes --weight_decay; chosen takes, layer by layer, the penalty that lbfgs chooses on "
        "the training part, for sets so small that the paper's decay lets a probe learn them by heart",
        ["given", "chosen"],
    )

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        Protocol.__post_init__(self)
        SgdSettings.__post_init__(self)
        known = bool(self.layer_names) and set(self.layer_names) <= set(BLOCKS)
        require(self, "layers", known, f"some of {','.join(BLOCKS)}")
        for name in ("seeds", "epochs"):
            require(self, name, 1 <= getattr(self, name) <= 10_000, "1 to 10000")
        require(self, "batch_size", self.batch_size >= 2, "at least 2 patches, for batch normalisation")
        fractions = "shares above 0 up to 1, separated by commas, as in 0.01,0.1,1"
        require(self, "label_fractions", bool(self.fractions), fractions)
        is_exact = self.solver == "lbfgs"
        require(
            self, "mirror", is_exact or not self.mirror, "false with --solver=sgd, which mirrors by chance"
        )
        require(self, "seeds", self.seeds == 1 or not is_exact, "1 with --solver=lbfgs, which draws nothing")

    @property
    def repeats_splits(self) -> bool:
        """With label fractions, which are drawn anew."""
        return self.fractions[0] < 1

    @property
    def layer_names(self) -> list[str]:
        """The blocks to probe, from the lowest up, each once."""
        names = [name.strip() for name in self.layers.split(",") if name.strip()]
        return sorted(set(names))

    @property
    def fractions(self) -> list[float]:
        """The label fractions, from the smallest up, each once; empty where the flag is malformed."""
        try:
            values = sorted({float(text) for text in self.label_fractions.split(",")})
        except ValueError:
            return []
        return values if all(0 < value <= 1 for value in values) else []


@dataclass(frozen=True)
class ProbePlaces:
    """Which encoder and data set, and where results and caches lie."""

    encoder: str = setting(
        "",
        "a SavedModel folder, a run folder, or random:alexnet?width=0.5&seed=0&crop=131&resize=148 "
        "(untrained; crop is 227 and resize 256/227 of it unless given)",
    )
    tiles: int = setting(
        0,
        "the square is cut into TILES x TILES squares of the encoder's own size, and the photo made that "
        "many times larger before: its blocks see finer detail; 0 for the encoder as it was exported",
    )
    calibration_dir: str = setting(
        "samples", "random encoder: folder of unlabelled photos whose statistics batch normalisation takes"
    )
    dataset: str = setting("csv", "what kind of data set", ["ava", "aadb", "cuhkpq", "csv"])
    data_dir: str = setting("", "root of the data set, in its published layout")
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
        require(self, "tiles", 0 <= self.tiles <= 8, "0 to 8")
        require(self, "checkpoint_minutes", self.checkpoint_minutes >= 0, "0 or more")
        require(self, "encoder", bool(self.encoder), "a SavedModel folder, a run folder or random:alexnet")
        require(self, "data_dir", bool(self.data_dir), "the root of a data set")
        require(self, "run_dir", bool(self.run_dir), "a folder")
