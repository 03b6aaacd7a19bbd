"""A probe run from end to end: an encoder and a labelled data set in, tables of metrics out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.blocks import chosen_blocks
from aesthkeras.labelled.description import PROBE, ProbeDescription, write_run_description
from aesthkeras.labelled.features import pooling_function
from aesthkeras.labelled.inputs import (
    describe_inputs,
    list_left_out,
    readable_photos,
    say_what_was_left_out,
)
from aesthkeras.labelled.outcome import Outcomes, PartOutcome
from aesthkeras.labelled.predictions import PREDICTIONS
from aesthkeras.labelled.protocols import LabelledSet, Part, parts
from aesthkeras.labelled.results import PROBE_COLUMNS, RESULTS
from aesthkeras.labelled.settings import LabelledRunSettings
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.probes import exact
from aesthkeras.probes.inputs import Probing, labelled_photos, with_features
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.probes.sgd import sgd_outcome
from aesthkeras.training.checkpoints import TrainingCheckpoint
from aesthkeras.training.run_folder import RunFolder, machine_facts


def name_layers(recipe: ProbeRecipe, encoder: FoundEncoder) -> ProbeRecipe:
    """The recipe with its layers named, in the order of the encoder.

    Raises:
        UsageError: the encoder has no such block.
    """
    return replace(recipe, layers=",".join(chosen_blocks(encoder, recipe.layers, "layers")))


def probe(
    run: RunFolder,
    encoder: FoundEncoder,
    labelled: LabelledSet,
    recipe: ProbeRecipe,
    settings: LabelledRunSettings,
) -> None:
    """Probes the blocks of an encoder on a data set, and prints where the results are.

    Args:
        run: the run's own, claimed folder; a killed run goes on after its last finished part.
        encoder: what `find_encoder` returned.
        labelled: what `read_labelled` returned.
        recipe: how to probe.
        settings: the names of the data set, and where caches lie; its encoder and run folder are not opened.

    Raises:
        UsageError: what the user can mend: flags, encoder, labels, photos.
    """
    recipe = name_layers(recipe, encoder)
    photos, photo_set = readable_photos(labelled, run, encoder.resize, settings)
    list_left_out(run.quarantine, labelled.left_out)
    planned = list(parts(photos, recipe, labelled.cross_validated))
    pooled = pooling_function(encoder.model, recipe.layer_names, recipe.pooling)
    inputs = describe_inputs(encoder, photos, photo_set, settings, recipe, labelled.cross_validated)
    description = ProbeDescription(
        **vars(inputs),
        solver=recipe.solver,
        pooling=recipe.pooling,
        layers=recipe.layer_names,
        values={name: int(pooled.structured_outputs[name].shape[-1]) for name in recipe.layer_names},
    )
    write_run_description(run.path / PROBE, description)
    replicas = encoder.model.distribute_strategy.num_replicas_in_sync
    run.update_record(seed=recipe.seed, replicas=replicas, **machine_facts())
    shared = {"encoder": encoder.name, "dataset": description.dataset.name, "solver": recipe.solver}
    outcomes = Outcomes(run.path, PROBE_COLUMNS, shared)
    probing = Probing(photos, photo_set, encoder, pooled, recipe, labelled.cross_validated)
    if not all(outcomes.is_done(part) for part in planned):
        probing = with_features(probing, planned, settings.feature_dir or str(run.path / "features"))
    for part in tqdm(planned, desc="probing", unit="part"):
        checkpoint = outcomes.checkpoint(part, settings.checkpoint_minutes)
        if not outcomes.is_done(part):
            outcomes.save(probe_part(part, probing, checkpoint))
            outcomes.write_results(planned)
        checkpoint.remove()  # also one that was left when a kill came right after the part was saved
    rows = outcomes.write_results(planned)
    outcomes.write_predictions(planned, photos)
    say_what_was_left_out(run)
    say(f"{counted(rows, 'row')} in {run.path / RESULTS}, probabilities in {run.path / PREDICTIONS}")


def probe_part(part: Part, probing: Probing, checkpoint: TrainingCheckpoint) -> PartOutcome:
    """Trains and tests every layer, label fraction and seed on one part."""
    draws = labelled_photos(part, probing)
    groups = np.unique(probing.photos.keys, return_inverse=True)[1]
    if probing.recipe.solver == "lbfgs":
        return exact_outcome(part, probing, draws, groups)
    return sgd_outcome(part, probing, draws, groups, checkpoint)


def exact_outcome(
    part: Part, probing: Probing, draws: Mapping[float, np.ndarray], groups: np.ndarray
) -> PartOutcome:
    """Fits the exact solver on every layer and draw, one after the other.

    Args:
        part: the test photos and the labels of all photos.
        probing: what all parts share; ridge regression predicts the photos' scores where they have any.
        draws: fraction -> indices of the labelled training photos.
        groups: int `[photos]`; inner folds keep groups whole.
    """
    photos, features, recipe = probing.photos, probing.features, probing.recipe
    outcome = PartOutcome(part)
    for layer in recipe.layer_names:
        test = features.rows(layer, part.test)
        views = len(test) // len(part.test)
        for fraction, train in draws.items():
            fitted = exact.fit_block(
                features.rows(layer, train),
                test,
                part.labels[train].repeat(views).astype(np.int64),
                groups[train].repeat(views),
                recipe.seed,
                None if photos.scores is None else photos.scores[train].repeat(views),
            )
            probabilities = fitted.labels.predicted.reshape(-1, views).mean(1)
            scores = None
            if photos.scores is not None and fitted.scores is not None:
                scores = photos.scores[part.test], fitted.scores.predicted.reshape(-1, views).mean(1)
            outcome.add(layer, fraction, len(train), {recipe.seed: probabilities}, scores)
    return outcome
