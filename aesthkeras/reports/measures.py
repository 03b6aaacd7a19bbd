"""The measures of a probe, and how reports show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One measure: its column in results.csv, its words, and how its values are shown.

    `factor` turns the stored value into the shown one, 100 for percent.
    """

    name: str
    words: str
    factor: float
    decimals: int

    @property
    def title(self) -> str:
        """The words with the unit, as over a table or beside an axis."""
        return f"{self.words} (%)" if self.factor == 100 else self.words

    @property
    def heading(self) -> str:
        """The title with a capital letter, as over a section."""
        return self.title[0].upper() + self.title[1:]

    @property
    def points(self) -> str:
        """The unit of a difference: percentage points, or nothing."""
        return " points" if self.factor == 100 else ""

    def text(self, value: float) -> str:
        """A shown value; equal texts are a tie."""
        return f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"  # + 0.0: never -0.0

    def signed(self, value: float) -> str:
        """A shown difference, with its sign."""
        return f"{round(value, self.decimals) + 0.0:+.{self.decimals}f}"


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("accuracy", "accuracy", 100, 1),
        Measure("balanced_accuracy", "balanced accuracy", 100, 1),
        Measure("auc", "area under the ROC curve", 1, 3),
        Measure("srcc", "Spearman correlation with the scores", 1, 3),
        Measure("plcc", "Pearson correlation with the scores", 1, 3),
    )
}
