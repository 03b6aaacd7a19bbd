"""Adaptation from end to end: an encoder and a labelled data set in, honest numbers and a scorer out."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.labelled.features import extract_features
from aesthkeras.labelled.inputs import (
    describe_inputs,
    list_left_out,
    readable_photos,
    refuse_other_inputs,
    say,
    say_what_was_left_out,
)
from aesthkeras.labelled.metrics import METRICS, classification, correlation
from aesthkeras.labelled.outcome import PARTS, Outcomes, PartOutcome
from aesthkeras.labelled.protocols import LabelledPhotos, LabelledSet, Part, labels_of_part, parts
from aesthkeras.networks.find import FoundEncoder, find_encoder
from aesthkeras.networks.heads import RATING, SCORE
from aesthkeras.networks.model_card import Origin
from aesthkeras.networks.saving import export_scorer
from aesthkeras.photos.notes import find_notes
from aesthkeras.reports.measures import Measured
from aesthkeras.scorers.calibration import calibration_error
from aesthkeras.scorers.figure import adapt_figure
from aesthkeras.scorers.fitting import FittedScorer, choose_members, fit_scorer
from aesthkeras.scorers.inputs import FeatureInputs, HeadInputs, PatchInputs
from aesthkeras.scorers.settings import ScorerRecipe, ScorerRunSettings
from aesthkeras.scorers.targets import require_target
from aesthkeras.training.checkpoints import TrainingCheckpoint
from aesthkeras.training.precision import use_precision
from aesthkeras.training.run_folder import RunFolder, machine_facts

DESCRIPTION = "adapt.json"
FIGURE = "adapt.png"
COLUMNS = (
    "encoder",
    "dataset",
    "target",
    "repeat",
    "fold",
    "train_photos",
    "validation_photos",
    "test_photos",
    "epochs",
    "temperature",
    *METRICS,
)


class Adaptation(NamedTuple):
    """What all trainings of a run share."""

    photos: LabelledPhotos
    encoder: FoundEncoder
    inputs: HeadInputs
    recipe: ScorerRecipe
    initial: list[np.ndarray]  # the encoder's weights

    def fit(self, part: Part, folder: RunFolder, checkpoint: TrainingCheckpoint) -> FittedScorer:
        """Trains on one part, from the encoder as it came."""
        self.encoder.model.set_weights(self.initial)
        folder.path.mkdir(parents=True, exist_ok=True)
        return fit_scorer(part, self.photos, self.encoder, self.inputs, self.recipe, folder, checkpoint)


def require_adaptable(labelled: LabelledSet, recipe: ScorerRecipe) -> None:
    """Checks what can be checked before TensorFlow is asked for anything: targets, parts, members.

    Raises:
        UsageError: the set lacks what the target needs, or a part lacks a class.
    """
    require_target(recipe.target, labelled.photos, labelled.score_range)
    for part in parts(labelled.photos, recipe, labelled.cross_validated):
        choose_members(labelled.photos, part, recipe)


def adapt(run: RunFolder, places: ScorerRunSettings, labelled: LabelledSet, recipe: ScorerRecipe) -> Path:
    """Trains and tests a scorer by the protocol, then exports one.

    With a split the exported scorer is the one that was tested. With cross-validation it is trained on all
    photos; the numbers are those of its siblings on photos that they did not see.

    Args:
        run: the run's own, claimed folder; a run that was killed goes on where it was.
        places: encoder, data set, folders.
        labelled: what `read_labelled` returned.
        recipe: how to train.

    Returns:
        The folder of the exported SavedModel.

    Raises:
        UsageError: what the user can mend: flags, encoder, labels, photos.
    """
    use_precision("float32")
    tiles = places.tiles if recipe.trunk == "frozen" else 1  # what is trained is the encoder of a tile
    encoder = find_encoder(places.encoder, places.calibration_dir, tiles)
    photos, photo_set = readable_photos(labelled.photos, run, encoder.resize, places.cache)
    list_left_out(run.quarantine, labelled.left_out)
    planned = list(parts(photos, recipe, labelled.cross_validated))
    description = describe_inputs(encoder, photos, photo_set, places, recipe, labelled.cross_validated)
    refuse_other_inputs(run.path / DESCRIPTION, description)
    replace_file(run.path / DESCRIPTION, (json.dumps(description, indent=2) + "\n").encode())
    facts = {
        "photos": len(photo_set.paths),
        "quarantined": photo_set.quarantined,
        "fingerprint": photo_set.fingerprint,
        "notes": find_notes(places.data_dir, places.data_notes),
    }
    run.update_record(data=facts, seed=recipe.seed, **machine_facts())
    inputs: HeadInputs
    if recipe.trunk == "frozen":
        feature_dir = places.feature_dir or str(run.path / "features")
        names, views = recipe.block_names, recipe.views
        features = extract_features(
            encoder, photo_set, feature_dir, names, recipe.pooling, views, recipe.copies, recipe.seed
        )
        inputs = FeatureInputs(features, recipe.copies)
    else:
        encoder.model.trainable = True
        inputs = PatchInputs(photo_set, encoder)
    adaptation = Adaptation(photos, encoder, inputs, recipe, encoder.model.get_weights())

    outcomes = Outcomes(run.path, COLUMNS)
    described = {"encoder": encoder.name, "dataset": description["dataset"]["name"], "target": recipe.target}
    fitted = None
    for part in tqdm(planned, desc="adapting", unit="part"):
        checkpoint = outcomes.checkpoint(part, places.checkpoint_minutes)
        if not outcomes.is_done(part):
            folder = part_folder(run, part) if labelled.cross_validated else run
            fitted = adaptation.fit(part, folder, checkpoint)
            outcomes.save(tested(fitted, part, adaptation))
            outcomes.write_results(planned, described)
        if labelled.cross_validated:
            checkpoint.remove()
    outcomes.write_results(planned, described)
    predictions = outcomes.write_predictions(planned, photos)
    measured = summarize(outcomes.rows(planned), predictions)

    if labelled.cross_validated:
        fitted, final = None, whole(photos)
        checkpoint = TrainingCheckpoint(run.path / PARTS / "exported.training", places.checkpoint_minutes)
    else:  # the one that was tested
        final, checkpoint = planned[0], outcomes.checkpoint(planned[0], places.checkpoint_minutes)
    exported = run.exported_to(places.saved_model())
    if exported is None:
        if fitted is None:
            fitted = adaptation.fit(final, run, checkpoint)
        meaning = meaning_of(labelled, photos, recipe, description, fitted, measured)
        exported = export(run, places.saved_model(), encoder, fitted, recipe, meaning)
        finished = datetime.now(timezone.utc).isoformat(timespec="seconds")
        run.update_record(finished=finished, exported=str(exported), measured=measured)
    checkpoint.remove()  # not before the export is on record: a kill in between would cost the training
    picture = adapt_figure(predictions, photos.scores, measured, run.history(), description)
    replace_file(run.path / FIGURE, picture)
    say_what_was_left_out(run)
    say(f"{description['protocol']}: {sentence(measured)}")
    say(f"results.csv, predictions.npz and {FIGURE} are in {run.path}; the scorer is in {exported}")
    return exported


def part_folder(run: RunFolder, part: Part) -> RunFolder:
    """Where the epochs of one fold are written down."""
    return RunFolder(run.path / PARTS / f"{part.repeat}-{part.fold}")


def whole(photos: LabelledPhotos) -> Part:
    """All photos as a training part, none to test on."""
    everything = np.arange(len(photos.ids))
    labels, threshold = labels_of_part(photos, everything)
    return Part(0, 0, everything, everything[:0], labels, threshold)


def tested(fitted: FittedScorer, part: Part, adaptation: Adaptation) -> PartOutcome:
    """The metrics and predictions of a part's test photos, by their centre crops."""
    answers = fitted.answers(adaptation.inputs, part.test)
    ranking, scores = answers.get(RATING, answers[SCORE]), adaptation.photos.scores
    row: dict[str, Any] = {
        "repeat": part.repeat,
        "fold": part.fold,
        "train_photos": len(part.train),
        "validation_photos": fitted.validation_photos,
        "test_photos": len(part.test),
        "epochs": fitted.epochs,
        "temperature": fitted.temperature,
        **classification(part.labels[part.test], answers[SCORE]),
        **(correlation(scores[part.test], ranking) if scores is not None else {}),
    }
    return PartOutcome(part, [row], {name: answers[name] for name in (SCORE, RATING) if name in answers})


def summarize(rows: list[dict[str, Any]], predictions: dict[str, np.ndarray]) -> Measured:
    """Mean and standard deviation over the repeats of each metric, each first averaged over its folds.

    The deviation is the sample's, as in the probes' tables, and None where there is one repeat.
    `calibration_error` is taken over all photos of a repeat: in a single fold chance alone makes it large.
    """
    repeats = sorted({row["repeat"] for row in rows})
    by_metric: dict[str, list[float]] = {}
    for repeat in repeats:
        for metric in METRICS:
            values = [row[metric] for row in rows if row["repeat"] == repeat and metric in row]
            if values:
                by_metric.setdefault(metric, []).append(float(np.mean(values)))
        labels, scores = predictions[f"labels/{repeat}"], predictions[f"{SCORE}/{repeat}"]
        there = np.isfinite(scores)
        error = calibration_error(labels[there], scores[there].astype(np.float64))
        by_metric.setdefault("calibration_error", []).append(error)
    return {
        name: (float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)
        for name, values in by_metric.items()
    }


def sentence(measured: Measured) -> str:
    """The summary as a person reads it: mean and standard deviation over the repeats."""
    return ", ".join(
        f"{name.replace('_', ' ')} {mean:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")
        for name, (mean, deviation) in measured.items()
    )


def meaning_of(
    labelled: LabelledSet,
    photos: LabelledPhotos,
    recipe: ScorerRecipe,
    description: dict[str, Any],
    fitted: FittedScorer,
    measured: Measured,
) -> dict[str, Any]:
    """What scorer.json says: what the numbers mean, what trained them, how they were measured."""
    name = description["dataset"]["name"]
    part = whole(photos) if labelled.cross_validated else next(parts(photos, recipe, False))
    if part.threshold is None:
        positive = f"its label in {name} is the positive one"
    else:
        positive = f"its mean rating in {name} is at least {part.threshold:g}"
    meaning = {
        "target": recipe.target,
        "score": f"the probability that {positive}, calibrated on photos that did not train it",
        "score_range": [0.0, 1.0],
        "threshold": part.threshold,
        "temperature": fitted.temperature,
        "dataset": name,
        "photos": len(part.train),
        "encoder": description["encoder"],
        "trunk": recipe.trunk,
        "blocks": recipe.block_names,
        "pooling": recipe.pooling,
        "protocol": description["protocol"],
        "measured": measured,
        "exported": "trained on all photos; measured are its siblings, each on folds that it did not see"
        if labelled.cross_validated
        else "the scorer that was measured",
    }
    if recipe.target != "binary":
        meaning["even"] = fitted.even  # the rating whose score is one half
        meaning["rating"] = f"the expected mean rating on the scale of {name}"
        meaning["rating_range"] = labelled.score_range
    return meaning


def export(
    run: RunFolder,
    out: Path,
    encoder: FoundEncoder,
    fitted: FittedScorer,
    recipe: ScorerRecipe,
    meaning: dict[str, Any],
) -> Path:
    """Exports a scorer; an encoder that was trained along no longer knows the degradations."""
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
