"""Settings of linear probes. This file imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.labelled.settings import FoldSettings, listed
from aesthkeras.networks.settings import POOLINGS
from aesthkeras.settings import require, setting
from aesthkeras.training.sgd_settings import SgdSettings


@dataclass(frozen=True)
class ProbeRecipe(FoldSettings, SgdSettings):
    """Everything that a probe's numbers depend on, besides the encoder and the data set."""

    solver: str = setting(
        "lbfgs",
        "lbfgs: exact, regularised logistic regression on features extracted once, its strength chosen on "
        "the training part; sgd: the paper's probe, trained on random crops at the rates below",
        ["lbfgs", "sgd"],
    )
    layers: str = setting("", "blocks to probe, separated by commas; empty for all blocks of the encoder")
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
        "kfold: how often the folds are drawn; split: how often a label fraction below 1 is drawn",
    )
    label_fractions: str = setting(
        "1", "shares of the training labels to use, separated by commas, such as 0.01,0.1,1"
    )
    label_draws: str = setting(
        "stratified",
        "what a share below 1 keeps: stratified, as in the paper, that share of each class, which keeps the "
        "commoner one the commoner; balanced, as many labels of each class, if there are enough",
        ["stratified", "balanced"],
    )
    seeds: int = setting(1, "sgd: initialisations trained side by side, each one measured on its own")
    epochs: int = setting(30, "sgd: passes over the training photos; the paper does not say")
    decay: str = setting(
        "given",
        "sgd: given takes --weight_decay; chosen takes, layer by layer, the penalty that lbfgs chooses on "
        "the training part, 1 / learning_rate at most, for sets so small that the paper's decay lets a probe "
        "learn them by heart",
        ["given", "chosen"],
    )

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        FoldSettings.__post_init__(self)
        SgdSettings.__post_init__(self)
        for name in ("seeds", "epochs"):
            require(self, name, 1 <= getattr(self, name) <= 10_000, "1 to 10000")
        require(self, "batch_size", self.batch_size >= 2, "at least 2 patches, for batch normalisation")
        fractions = "shares above 0 up to 1, separated by commas, as in 0.01,0.1,1"
        require(self, "label_fractions", bool(self.fractions), fractions)
        is_exact = self.solver == "lbfgs"
        require(self, "mirror", is_exact or not self.mirror, "false with solver=sgd, which mirrors by chance")
        require(self, "seeds", self.seeds == 1 or not is_exact, "1 with solver=lbfgs, which draws nothing")

    @property
    def repeats_splits(self) -> bool:
        """Whether label fractions below 1, which are drawn anew, repeat a fixed split."""
        return self.fractions[0] < 1

    @property
    def layer_names(self) -> list[str]:
        """The blocks that `layers` names; none until the encoder is known, where it is empty."""
        return listed(self.layers)

    @property
    def fractions(self) -> list[float]:
        """The label fractions in ascending order, each once; empty if the flag is malformed."""
        try:
            values = sorted({float(text) for text in self.label_fractions.split(",")})
        except ValueError:
            return []
        return values if all(0 < value <= 1 for value in values) else []
