"""Scores photos: `python -m aesthkeras.score PATH... --model=savedmodels/NAME --out=scores.csv`.

PATH is a photo, a folder, a pattern, or `-` for a list on standard input. Every file gets one row, with an
error where it cannot be read. The ending of --out decides what is made: a table (.csv), JSON lines (.jsonl),
or a page of photos from best to worst (.html). Killed and started again, the same command goes on.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from aesthkeras import command
from aesthkeras.cluster.engine import EngineSettings, joined
from aesthkeras.culling.sidecar_rule import CONVENTIONS, SidecarRule, star_bounds
from aesthkeras.errors import UsageError
from aesthkeras.settings import require, setting

ROW_FORMATS = ("csv", "jsonl", "html")


@dataclass(frozen=True)
class ScoreSettings:
    """Which scorer, and what is made of its scores."""

    model: str = setting("", "SavedModel of a scorer: a folder, as `adapt` exports it, or quality or beauty")
    out: str = setting("", "file to write, .csv, .jsonl or .html; empty prints the rows")
    format: str = setting("", "csv, jsonl or html; empty takes the ending of --out, csv where there is none")
    crops: int = setting(
        1, "squares of a photo to average: 1 (the middle), 5 (and the corners), 10 (and mirrored)"
    )

    groups: bool = setting(True, "group photos of one scene, bursts and near-duplicates; needs --out")
    xmp: str = setting(
        "",
        "write an XMP sidecar beside each photo: darktable (photo.jpg.xmp) or lightroom (photo.xmp); empty "
        "for none; needs --out",
    )
    stars: str = setting(
        "10%,35%,65%,90%",
        "from where on a photo has 2, 3, 4 and 5 stars: shares of the photos, or scores (0.2,0.4,0.6,0.8)",
    )
    cut_bars: bool = setting(True, "leave uniform bars, black or white, out of what is scored")

    def __post_init__(self) -> None:
        """Checks every flag; raises `UsageError` naming it."""
        require(self, "model", bool(self.model), "the folder of a scorer's SavedModel, or quality or beauty")
        require(self, "format", self.format in ("", *ROW_FORMATS), "csv, jsonl or html")
        ending = Path(self.out).suffix.lower().lstrip(".")
        known = bool(self.format) or not self.out or ending in ROW_FORMATS
        require(self, "out", known, "a file that ends in .csv, .jsonl or .html")
        object.__setattr__(self, "format", self.format or ending or "csv")
        require(self, "format", self.format != "html" or bool(self.out), "a file --out to go with html")
        require(self, "out", not os.path.isdir(self.out), "a file, not a folder")
        require(self, "xmp", self.xmp in ("", *CONVENTIONS), "darktable or lightroom")
        require(self, "xmp", not self.xmp or bool(self.out), "a file --out to go with it")
        expected = "four ascending shares or scores, as in 10%,35%,65%,90% or 0.2,0.4,0.6,0.8"
        require(self, "stars", star_bounds(self.stars) is not None, expected)
        require(self, "crops", self.crops in (1, 5, 10), "1, 5 or 10")

    def sidecars(self) -> SidecarRule | None:
        """Which sidecars are written; None for none."""
        bounds = star_bounds(self.stars)
        return SidecarRule(self.xmp, *bounds) if self.xmp and bounds else None


def main(arguments: list[str]) -> None:
    """Checks the flags and lists the photos, then loads TensorFlow and scores them."""
    settings, engine = command.from_flags(ScoreSettings), command.from_flags(EngineSettings)
    if not arguments:
        raise UsageError("score: expected photos, folders, patterns or -, as in `score PHOTOS --model=M`")

    from aesthkeras.scoring.listing import list_photos

    photos = list_photos(arguments, sys.stdin)

    with joined(engine) as cluster:
        from aesthkeras.networks.export import Export
        from aesthkeras.scoring.network import ScoringNetwork
        from aesthkeras.scoring.on_cluster import ScoringOnCluster
        from aesthkeras.scoring.output import print_scores, write_scores
        from aesthkeras.scoring.scoring import ScoringChoices, score_lists

        network = ScoringNetwork(Export.open(settings.model))
        choices = ScoringChoices(settings.crops, settings.cut_bars)
        score = ScoringOnCluster(cluster, settings.model, not settings.out) if cluster else score_lists
        if settings.out:
            named = (os.path.basename(os.path.abspath(name)) for name in arguments if name != "-")
            title = ", ".join([*islice(named, 3), *(["a list"] if "-" in arguments else [])])
            out, how = Path(settings.out), settings.format
            also = (settings.groups, settings.sidecars())
            write_scores(network, photos, out, how, title, choices, score, *also)
        else:
            print_scores(network, photos, settings.format, choices, score)


if __name__ == "__main__":
    command.run(
        main,
        lambda: command.define_flags(ScoreSettings, EngineSettings),
        positional=True,
        resumes=lambda: bool(command.flags.FLAGS.out),
    )
