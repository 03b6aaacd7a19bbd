"""From a fitted scorer to a SavedModel that says what its scores mean."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from aesthkeras.errors import UsageError
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.description import RunDescription
from aesthkeras.labelled.protocols import LabelledSet, Part
from aesthkeras.networks.model_card import Origin
from aesthkeras.networks.saving import export_scorer
from aesthkeras.scorers.fitting import FittedScorer
from aesthkeras.scorers.measuring import Measured
from aesthkeras.scorers.settings import ScorerRecipe
from aesthkeras.training.run_folder import RunFolder


def meaning_of(
    labelled: LabelledSet,
    part: Part,
    recipe: ScorerRecipe,
    description: RunDescription,
    fitted: FittedScorer,
    measured: Measured,
) -> dict[str, Any]:
    """The content of scorer.json: what the scores mean, what trained the scorer, how it was measured.

    Args:
        labelled: the data set.
        part: its training photos trained the scorer.
        recipe: how, with its blocks named.
        description: of the run.
        fitted: the scorer.
        measured: of it, or of its siblings.
    """
    name = description.dataset.name
    if part.threshold is None:
        positive = f"its label in {name} is the positive one"
    else:
        positive = f"its mean rating in {name} is at least {part.threshold:g}"
    meaning: dict[str, Any] = {
        "target": recipe.target,
        "score": f"the probability that {positive}, calibrated on photos that did not train it",
        "score_range": [0.0, 1.0],
        "threshold": part.threshold,
        "temperature": fitted.temperature,
        "dataset": name,
        "photos": len(part.train),
        "encoder": asdict(description.encoder),
        "trunk": recipe.trunk,
        "blocks": recipe.block_names,
        "pooling": recipe.pooling,
        "protocol": description.protocol,
        "measured": measured,
        "exported": "trained on all photos; measured are its siblings, each on folds that it did not see"
        if labelled.cross_validated
        else "the scorer that was measured",
    }
    if recipe.target != "binary":
        meaning["even"] = fitted.even
        meaning["rating"] = f"the expected mean rating on the scale of {name}"
        meaning["rating_range"] = labelled.score_range
    return meaning


def export_fitted(
    run: RunFolder,
    out: Path,
    encoder: FoundEncoder,
    fitted: FittedScorer,
    recipe: ScorerRecipe,
    meaning: dict[str, Any],
) -> Path:
    """Exports a scorer as the next version under `out`.

    A fine-tuned encoder is exported without its head for the degradations, which no longer fits it.

    Raises:
        UsageError: `out` cannot be written to.
    """
    head, names = encoder.degradations or (None, None)
    if recipe.trunk == "finetuned":
        head, names = None, None
    try:
        return export_scorer(
            encoder.model,
            fitted.scorer,
            out,
            resize_edge=encoder.resize,
            meaning=meaning,
            pooling=recipe.pooling,
            head=head,
            class_names=names,
            assets={"flags.cfg": run.flags.read_text(), "run.json": run.record.read_text()},
            origin=Origin.of_run(run, encoder_notes=encoder.notes),
        )
    except OSError as error:
        raise UsageError(f"out={out}: expected a folder to write to ({error.strerror})") from error
