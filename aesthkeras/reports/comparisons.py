"""The paired differences of every encoder of a section from a reference, and the choice of the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aesthkeras.errors import UsageError
from aesthkeras.reports.intervals import Difference, what_is_covered
from aesthkeras.reports.measures import MEASURES, Measure
from aesthkeras.reports.predictions import Predictions, read_predictions
from aesthkeras.reports.probe_tables import AVERAGE, DECIMALS_KEPT
from aesthkeras.reports.sections import Section
from aesthkeras.reports.significance import STATISTICS, paired_differences

ENDS = ("mean", "low", "high")


@dataclass(frozen=True)
class Comparison:
    """Paired differences of a section's encoders against `reference`.

    `rows` is encoder -> a difference per column, None where the two cannot be compared; `majority` is the
    accuracy (0..1) of always answering the commoner class, averaged over folds and repeats as the accuracies
    are.
    """

    reference: str
    measure: Measure
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[Difference | None, ...]]
    majority: float

    @property
    def caption(self) -> str:
        """What a difference is of, and what its interval covers."""
        return (
            "A difference is that of two means, each taken as in the table: over folds, then over repeats "
            f"and seeds. {what_is_covered(self.rows)}"
        )


def choose_reference(sections: Sequence[Section], wanted: str) -> str:
    """The encoder to compare with: the wanted one, else a random one, else the first.

    Raises:
        UsageError: no run has an encoder of the wanted name.
    """
    specs = {name: run.spec for section in sections for name, run in section.runs.items()}
    if wanted and wanted not in specs:
        raise UsageError(f"reference={wanted}: expected one of the encoders: {', '.join(specs)}")
    untrained = (
        name
        for name, spec in specs.items()
        if spec.startswith("random") or name.lower().startswith(("random", "without pretext"))
    )
    return wanted or next(untrained, next(iter(specs)))


def compare(
    section: Section, reference: str, measure: Measure, resamples: int, seed: int
) -> Comparison | None:
    """The differences of the section's other encoders with blocks of the same names, as the measure is shown.

    Correlations come from predicted scores, which a probe does not keep: accuracy is compared instead.

    Returns:
        None if the reference was not probed with all labels, or no other encoder has blocks of its names.

    Raises:
        UsageError: predictions are damaged, or two runs disagree on photos or labels.
    """
    if measure.name not in STATISTICS:
        measure = MEASURES["accuracy"]
    whole = {name: run for name, run in section.runs.items() if 1.0 in run.fractions}
    if reference not in whole or len(whole) < 2:
        return None
    layers = section.comparable_layers(whole[reference])
    others = [name for name, run in whole.items() if name != reference and set(run.layers) & set(layers)]
    if not others:
        return None
    against = read_predictions(whole[reference])
    rows = {
        name: _row(section, layers, name, reference, against, measure, resamples, seed) for name in others
    }
    return Comparison(reference, measure, (*layers, AVERAGE), rows, against.majority())


def _row(
    section: Section,
    layers: Sequence[str],
    name: str,
    reference: str,
    against: Predictions,
    measure: Measure,
    resamples: int,
    seed: int,
) -> tuple[Difference | None, ...]:
    """A difference per layer that both have, and their average if both have every layer of their kind."""
    run, other = section.runs[name], section.runs[reference]
    common = [layer for layer in layers if layer in run.layers and layer in other.layers]
    if not common:
        return (None,) * (len(layers) + 1)
    tested = read_predictions(run).of_layers([run.layers.index(layer) for layer in common])
    against = against.of_layers([other.layers.index(layer) for layer in common])
    try:
        found = paired_differences(tested, against, measure.name, resamples, seed)
    except UsageError as error:
        raise UsageError(f"{run.folder} and {other.folder}: {error}") from None
    shown = [
        replace(one, **{end: round(measure.factor * getattr(one, end), DECIMALS_KEPT) for end in ENDS})
        for one in found
    ]
    by_layer = dict(zip(common, shown))
    average = shown[-1] if len(common) == len(layers) else None
    return (*(by_layer.get(layer) for layer in layers), average)
