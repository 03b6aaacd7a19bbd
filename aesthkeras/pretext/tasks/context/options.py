"""The flags of the context task. This file imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.pretext.options import TaskOptions
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class ContextOptions(TaskOptions):
    """The numbers of the context task; the paper's are the defaults."""

    patch: int = setting(96, "edge of a patch in pixels of the photo, before it is resized to --crop")
    gap: int = setting(48, "pixels between two patches of the grid, so that edges do not run across")
    jitter: int = setting(7, "pixels by which each patch is shifted at most, in both directions")
    grid_resize: int = setting(
        474, "shorter edge of a photo before the grid is cut; the paper draws 150,000 to 450,000 pixels"
    )
    fusion_units: int = setting(4096, "values in each of the two layers above the pair of embeddings")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "patch", self.patch >= 10, "at least 10 pixels")
        require(self, "jitter", self.jitter >= 0, "0 or more")
        require(self, "gap", self.gap >= 2 * self.jitter, f"at least twice jitter={self.jitter}")
        require(self, "fusion_units", self.fusion_units >= 1, "at least 1")
        least = self.grid_edge()
        expected = f"at least {least}, for 3 patches, 2 gaps and twice the jitter"
        require(self, "grid_resize", self.grid_resize >= least, expected)

    def grid_edge(self) -> int:
        """Edge in pixels of the square that contains the grid however its patches are shifted."""
        return 3 * self.patch + 2 * self.gap + 2 * self.jitter


OPTIONS = ContextOptions
