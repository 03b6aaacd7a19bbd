"""Adaptation from end to end: an encoder and a labelled data set in, honest numbers and a scorer out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from tqdm import tqdm

from aesthkeras.encoders.side_by_side import name_alone
from aesthkeras.files import replace_file
from aesthkeras.finding.find import find_encoder
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.blocks import chosen_blocks
from aesthkeras.labelled.description import SCORER, RunDescription, write_run_description
from aesthkeras.labelled.features import extract_features, pooling_function
from aesthkeras.labelled.inputs import (
    describe_inputs,
    list_left_out,
    readable_photos,
    say_what_was_left_out,
)
from aesthkeras.labelled.outcome import PARTS, Outcomes
from aesthkeras.labelled.predictions import PREDICTIONS
from aesthkeras.labelled.protocols import LabelledPhotos, LabelledSet, Part, labels_of_part, parts
from aesthkeras.labelled.results import RESULTS, SCORER_COLUMNS
from aesthkeras.labelled.settings import listed
from aesthkeras.monitoring.progress import say
from aesthkeras.photos.notes import find_notes
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.scorers.exporting import export_fitted, meaning_of
from aesthkeras.scorers.figure import adapt_figure
from aesthkeras.scorers.fitting import Adaptation, FittedScorer, choose_members, fit_scorer
from aesthkeras.scorers.inputs import FeatureInputs, HeadInputs, PatchInputs
from aesthkeras.scorers.measuring import Measured, mean_over_repeats, outcome_of, sentence
from aesthkeras.scorers.settings import DEFAULT_BLOCKS, EARLY_BLOCKS, ScorerRecipe, ScorerRunSettings
from aesthkeras.scorers.targets import require_target
from aesthkeras.training.checkpoints import TrainingCheckpoint
from aesthkeras.training.precision import use_precision
from aesthkeras.training.run_folder import RunFolder, machine_facts

FIGURE = "adapt.png"


def require_adaptable(labelled: LabelledSet, recipe: ScorerRecipe) -> None:
    """Checks what can be checked before anything is computed: targets, parts, members.

    Raises:
        UsageError: the set lacks what the target needs, or a part lacks a class.
    """
    require_target(recipe.target, labelled.photos, labelled.score_range)
    for part in parts(labelled.photos, recipe, labelled.cross_validated):
        choose_members(labelled.photos, part, recipe)


def find_trunk(settings: ScorerRunSettings, recipe: ScorerRecipe) -> FoundEncoder:
    """The encoder below the head; if it is to be fine-tuned, that of a single tile."""
    tiles = settings.tiles if recipe.trunk == "frozen" else 1
    return find_encoder(settings.encoder, settings.calibration_dir, tiles)


def name_blocks(recipe: ScorerRecipe, encoder: FoundEncoder) -> ScorerRecipe:
    """The recipe with the blocks named that the head reads, in the order of the encoder.

    Raises:
        UsageError: the encoder has no such block.
    """
    names = recipe.blocks
    if names == DEFAULT_BLOCKS:
        has_default = set(listed(names)) & set(encoder.blocks)
        taken = [block for block in encoder.blocks if name_alone(block) not in EARLY_BLOCKS]
        names = ",".join(taken) if has_default else ""
    return replace(recipe, blocks=",".join(chosen_blocks(encoder, names, "blocks", takes_embedding=True)))


def adapt(
    run: RunFolder,
    encoder: FoundEncoder,
    labelled: LabelledSet,
    recipe: ScorerRecipe,
    settings: ScorerRunSettings,
) -> Path:
    """Trains and tests a scorer by the protocol, then exports one.

    With a split, the exported scorer is the one that was tested. With cross-validation it is trained on all
    photos, and the numbers are those of its siblings, each on photos that it did not see.

    Args:
        run: the run's own, claimed folder; a killed run goes on where it was.
        encoder: what `find_trunk` returned.
        labelled: what `read_labelled` returned.
        recipe: how to train.
        settings: the names of the data set, where caches lie and where the scorer goes; its encoder and run
            folder are not opened.

    Returns:
        The folder of the exported SavedModel.

    Raises:
        UsageError: what the user can mend: flags, encoder, labels, photos.
    """
    use_precision("float32")
    recipe = name_blocks(recipe, encoder)
    photos, photo_set = readable_photos(labelled, run, encoder.resize, settings)
    labelled = labelled._replace(photos=photos)
    list_left_out(run.quarantine, labelled.left_out)
    planned = list(parts(photos, recipe, labelled.cross_validated))
    description = describe_inputs(encoder, photos, photo_set, settings, recipe, labelled.cross_validated)
    write_run_description(run.path / SCORER, description)
    notes = {"notes": find_notes(settings.data_dir, settings.data_notes), "encoder_notes": encoder.notes}
    facts = {**photo_set.facts(), **notes}
    replicas = encoder.model.distribute_strategy.num_replicas_in_sync
    run.update_record(data=facts, seed=recipe.seed, replicas=replicas, **machine_facts())
    feature_dir = settings.feature_dir or str(run.path / "features")
    inputs = head_inputs(encoder, photo_set, recipe, feature_dir)
    pooled = pooling_function(encoder.model, recipe.block_names, recipe.pooling).structured_outputs
    values = {name: int(pooled[name].shape[-1]) for name in recipe.block_names}
    adaptation = Adaptation(photos, encoder, inputs, recipe, encoder.model.get_weights(), values)

    shared = {"encoder": encoder.name, "dataset": description.dataset.name, "target": recipe.target}
    outcomes = Outcomes(run.path, SCORER_COLUMNS, shared)
    fitted = _test_parts(planned, adaptation, outcomes, run, labelled, settings.checkpoint_minutes)
    predictions = outcomes.write_predictions(planned, photos)
    measured = mean_over_repeats(outcomes.rows(planned), predictions)
    final, checkpoint = _final_part(planned, outcomes, run, labelled, settings.checkpoint_minutes)
    exported = run.exported_to(settings.saved_model())
    if exported is None:
        fitted = fitted or _fit(final, adaptation, run, checkpoint)
        meaning = meaning_of(labelled, final, recipe, description, fitted, measured)
        exported = export_fitted(run, settings.saved_model(), encoder, fitted, recipe, meaning)
        finished = datetime.now(timezone.utc).isoformat(timespec="seconds")
        run.update_record(finished=finished, exported=str(exported), measured=measured)
    checkpoint.remove()  # not before the export is recorded: a kill in between would cost the training
    picture = adapt_figure(predictions, photos.scores, measured, run.history(), _title(description))
    replace_file(run.path / FIGURE, picture)
    _say_results(run, description, measured, exported)
    return exported


def head_inputs(
    encoder: FoundEncoder, photo_set: PhotoSet, recipe: ScorerRecipe, feature_dir: str
) -> HeadInputs:
    """The photos as the head reads them: extracted features, or pixels if the encoder is fine-tuned."""
    if recipe.trunk == "finetuned":
        encoder.model.trainable = True
        return PatchInputs(photo_set, encoder)
    features = extract_features(
        encoder,
        photo_set,
        feature_dir,
        recipe.block_names,
        recipe.pooling,
        recipe.views,
        recipe.copies,
        recipe.seed,
    )
    return FeatureInputs(features, recipe.copies)


def _test_parts(
    planned: Sequence[Part],
    adaptation: Adaptation,
    outcomes: Outcomes,
    run: RunFolder,
    labelled: LabelledSet,
    checkpoint_minutes: float,
) -> FittedScorer | None:
    """Trains and tests what is not done yet; returns the scorer of a split if it was trained now."""
    fitted = None
    for part in tqdm(planned, desc="adapting", unit="part"):
        checkpoint = outcomes.checkpoint(part, checkpoint_minutes)
        if not outcomes.is_done(part):
            folder = run
            if labelled.cross_validated:  # the epochs of a fold are logged in a folder of its own
                folder = RunFolder(run.path / PARTS / f"{part.repeat}-{part.fold}")
            fitted = _fit(part, adaptation, folder, checkpoint)
            outcomes.save(outcome_of(fitted, part, adaptation))
            outcomes.write_results(planned)
        if labelled.cross_validated:
            checkpoint.remove()
    outcomes.write_results(planned)
    return None if labelled.cross_validated else fitted


def _fit(
    part: Part, adaptation: Adaptation, folder: RunFolder, checkpoint: TrainingCheckpoint
) -> FittedScorer:
    """Trains on one part, starting from the encoder as it was found."""
    adaptation.encoder.model.set_weights(adaptation.initial)
    folder.path.mkdir(parents=True, exist_ok=True)
    return fit_scorer(part, adaptation, folder, checkpoint)


def _final_part(
    planned: Sequence[Part],
    outcomes: Outcomes,
    run: RunFolder,
    labelled: LabelledSet,
    checkpoint_minutes: float,
) -> tuple[Part, TrainingCheckpoint]:
    """The part that trains the exported scorer, and its checkpoint."""
    if not labelled.cross_validated:
        return planned[0], outcomes.checkpoint(planned[0], checkpoint_minutes)
    checkpoint = TrainingCheckpoint(run.path / PARTS / "exported.training", checkpoint_minutes)
    return whole(labelled.photos), checkpoint


def whole(photos: LabelledPhotos) -> Part:
    """A part whose training photos are all photos, and that has no test photos."""
    everything = np.arange(len(photos.ids))
    labels, threshold = labels_of_part(photos, everything)
    return Part(0, 0, everything, everything[:0], labels, threshold)


def _title(description: RunDescription) -> str:
    return f"{description.encoder.name} on {description.dataset.name}: {description.protocol}"


def _say_results(run: RunFolder, description: RunDescription, measured: Measured, exported: Path) -> None:
    say_what_was_left_out(run)
    say(f"{description.protocol}: {sentence(measured)}")
    say(f"{RESULTS}, {PREDICTIONS} and {FIGURE} are in {run.path}; the scorer is in {exported}")
