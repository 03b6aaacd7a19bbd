"""The flags of the context task. This file imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.pretext.options import TaskOptions
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.settings import require, setting

SMALLEST_PATCH = 67


@dataclass(frozen=True)
class ContextOptions(TaskOptions):
    """The numbers of the context task; the paper's are the defaults."""

    grid: int = setting(3, "patches along an edge of the grid; all neighbours in it are paired")
    patch: int = setting(96, "edge of a patch in pixels; the network sees it as it is, whatever --crop is")
    gap: int = setting(48, "pixels between two patches of the grid, so that edges do not run across")
    jitter: int = setting(7, "pixels by which each patch is shifted at most, in both directions")
    grid_resize: int = setting(
        474, "shorter edge of a photo before the grid is cut; the paper draws 150,000 to 450,000 pixels"
    )
    fusion_units: int = setting(4096, "values in each of the two layers above a pair of patches")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "grid", 2 <= self.grid <= 8, "2 to 8")
        least = f"at least {SMALLEST_PATCH} pixels, which leave AlexNet's last pooling something"
        require(self, "patch", self.patch >= SMALLEST_PATCH, least)
        require(self, "jitter", self.jitter >= 0, "0 or more")
        require(self, "gap", self.gap >= 2 * self.jitter, f"at least twice jitter={self.jitter}")
        require(self, "fusion_units", self.fusion_units >= 1, "at least 1")
        edge = self.grid_edge()
        expected = f"at least {edge}, for the grid's patches and gaps and twice the jitter"
        require(self, "grid_resize", self.grid_resize >= edge, expected)

    def check(self, recipe: Recipe) -> None:
        """Refuses encoders whose layers are no chain; raises `UsageError`."""
        is_chain = recipe.encoder_name == "alexnet"
        require(
            recipe, "encoder_name", is_chain, "alexnet, which takes the patches of this task at their size"
        )

    def grid_edge(self) -> int:
        """Edge in pixels of the square that contains the grid however its patches are shifted."""
        return self.grid * self.patch + (self.grid - 1) * self.gap + 2 * self.jitter


OPTIONS = ContextOptions
