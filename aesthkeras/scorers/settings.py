"""Settings of scorers. This file imports no TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from aesthkeras.labelled.settings import FoldSettings, LabelledRunSettings, listed
from aesthkeras.networks.settings import POOLINGS
from aesthkeras.settings import require, setting
from aesthkeras.training.run_folder import default_saved_model
from aesthkeras.training.sgd_settings import SgdSettings

DEFAULT_BLOCKS = "conv3,conv4,conv5"
EARLY_BLOCKS = ("conv1", "conv2")  # which the default leaves out


@dataclass(frozen=True)
class ScorerRecipe(FoldSettings, SgdSettings):
    """Everything that a scorer depends on, besides the encoder and the data set."""

    target: str = setting(
        "binary",
        "what the head learns: binary (whether the score is at least the threshold, as the paper), score "
        "(the mean rating, by squared error), distribution (how many raters gave each rating, by squared "
        "earth mover's distance)",
        ["binary", "score", "distribution"],
    )
    blocks: str = setting(
        DEFAULT_BLOCKS,
        "what the head reads, separated by commas: blocks of the encoder, or its embedding; empty for all "
        "blocks, which is also what the default means for an encoder that has none of conv3, conv4, conv5; "
        "of several encoders it means all blocks but conv1 and conv2",
    )
    pooling: str = setting(
        "vissl",
        "how a block's output becomes a row of values: as the probes pool it, or statistics (mean, deviation "
        "and greatest value of each channel over the whole square, by which nothing says where)",
        POOLINGS,
    )
    components: int = setting(
        128,
        "directions in which the training photos' features vary most, which are all that the hidden layers "
        "see (principal components: small sets fill no more); 0 for the features themselves",
    )
    hidden: str = setting("64", "units of each hidden layer, separated by commas; empty for a linear head")
    linear_path: bool = setting(
        True,
        "the output reads the inputs of the hidden layers beside their outputs: on a small set they then "
        "correct a linear head instead of having to learn it",
    )
    dropout: float = setting(0.5, "share of the values left out ahead of each dense layer in training")
    trunk: str = setting(
        "frozen",
        "frozen: the encoder stays as it is, the features of a few crops of each photo are computed once; "
        "finetuned: it is trained as well, on random crops",
        ["frozen", "finetuned"],
    )
    trunk_rate: float = setting(0.1, "finetuned: learning rate of the encoder, relative to that of the head")
    views: int = setting(
        6,
        "frozen: crops of each photo whose features are computed: the middle, its mirror image, random ones",
    )
    copies: int = setting(
        0,
        "frozen: degraded copies of each photo (Table 1 less rotation; oversharpened, enlarged, with bars) "
        "that are to score lower than it; 0 for none, as the paper",
    )
    copy_weight: float = setting(1.0, "weight of the loss that puts degraded copies below their photo")
    members: int = setting(
        5,
        "networks side by side whose mean is the score; each validates on other training photos",
    )
    inner_folds: int = setting(
        5,
        "parts, groups kept whole, that the training photos are cut into: a member trains without one of "
        "them and stops early by it; a set's own validation part is used instead where there is one",
    )
    epochs: int = setting(30, "most passes over the training photos")
    patience: int = setting(10, "epochs without a better validation loss, for any member, that end it")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        FoldSettings.__post_init__(self)
        SgdSettings.__post_init__(self)
        known = all(part.isdecimal() and 1 <= int(part) <= 8192 for part in listed(self.hidden))
        require(self, "hidden", known, "numbers of units from 1 to 8192, separated by commas")
        require(self, "components", 0 <= self.components <= 8192, "0 to 8192")
        require(self, "dropout", 0 <= self.dropout < 1, "a share from 0 up to, not including, 1")
        require(self, "trunk_rate", 0 < self.trunk_rate <= 1, "above 0, at most 1")
        require(self, "inner_folds", 2 <= self.inner_folds <= 1000, "2 to 1000 parts")
        require(self, "copies", 0 <= self.copies <= 24, "0 to 24")
        require(self, "copies", not self.copies or self.trunk == "frozen", "0 with trunk=finetuned")
        require(self, "copy_weight", 0 < self.copy_weight < math.inf, "a number above 0")
        for name in ("views", "members", "epochs", "patience"):
            require(self, name, 1 <= getattr(self, name) <= 10_000, "1 to 10000")
        enough = self.members <= self.inner_folds
        require(self, "members", enough, f"at most inner_folds={self.inner_folds}")
        alone = self.members == 1 or self.trunk == "frozen"
        # members share the encoder: through the others, it would train on the photos that one validates on
        require(self, "members", alone, "1 with trunk=finetuned")

    @property
    def block_names(self) -> list[str]:
        """The outputs that `blocks` names; none until the encoder is known, where it is empty."""
        return listed(self.blocks)

    @property
    def hidden_units(self) -> list[int]:
        """Units of each hidden layer."""
        return [int(part) for part in listed(self.hidden)]


@dataclass(frozen=True)
class ScorerRunSettings(LabelledRunSettings):
    """Which encoder and data set, and where the scorer, results and caches lie."""

    run_dir: str = setting(
        "runs/adapt", "folder of this run: flags, results.csv, predictions.npz, figures, checkpoints"
    )
    data_notes: str = setting(
        "",
        "what the model card says of the photos' licence, a text or a text file; empty for the LICENSE, "
        "NOTICE or README in --data_dir",
    )
    out: str = setting("", "folder of the SavedModel; empty for savedmodels/NAME, named after --run_dir")

    def saved_model(self) -> Path:
        """The folder of the SavedModel: `out`, or its default."""
        return Path(self.out) if self.out else default_saved_model(self.run_dir)
