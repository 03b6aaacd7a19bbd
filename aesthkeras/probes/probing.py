"""A probe run from end to end: an encoder and a labelled data set in, tables of metrics out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from aesthkeras.files import replace_file
from aesthkeras.labelled.features import Features, extract_features, pooling_function
from aesthkeras.labelled.fractions import draw_fraction
from aesthkeras.labelled.inputs import (
    describe_inputs,
    list_left_out,
    readable_photos,
    refuse_other_inputs,
    say,
    say_what_was_left_out,
)
from aesthkeras.labelled.outcome import DESCRIPTION, PREDICTIONS, RESULTS, Outcomes, PartOutcome
from aesthkeras.labelled.protocols import LabelledPhotos, LabelledSet, Part, parts
from aesthkeras.labelled.settings import LabelledRunSettings
from aesthkeras.networks.find import FoundEncoder, find_encoder
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.probes import exact
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.probes.sgd import sgd_outcome
from aesthkeras.training.part_checkpoint import PartCheckpoint
from aesthkeras.training.run_folder import RunFolder, machine_facts


def probe(run: RunFolder, places: LabelledRunSettings, labelled: LabelledSet, recipe: ProbeRecipe) -> None:
    """Probes every block of an encoder on a data set; says in one line each what came out.

    Args:
        run: the run's own, claimed folder; a run that was killed goes on behind its last finished part.
        places: encoder, data set, folders.
        labelled: what `read_labelled` returned.
        recipe: how it is probed.

    Raises:
        UsageError: what the user can mend: flags, encoder, labels, photos.
    """
    cross_validated = labelled.cross_validated
    encoder = find_encoder(places.encoder, places.calibration_dir, places.tiles)
    photos, photo_set = readable_photos(labelled.photos, run, encoder.resize, places.cache)
    list_left_out(run.quarantine, labelled.left_out)
    planned = list(parts(photos, recipe, cross_validated))
    description = {
        **describe_inputs(encoder, photos, photo_set, places, recipe, cross_validated),
        "solver": recipe.solver,
        "pooling": recipe.pooling,
        "layers": recipe.layer_names,
    }
    refuse_other_inputs(run.path / DESCRIPTION, description)
    run.update_record(seed=recipe.seed, **machine_facts())
    feature_dir = places.feature_dir or str(run.path / "features")
    features = extract_features(
        encoder, photo_set, feature_dir, recipe.layer_names, recipe.pooling, views=1 + recipe.mirror
    )
    description["values"] = {layer: int(array.shape[-1]) for layer, array in features.items()}
    replace_file(run.path / DESCRIPTION, (json.dumps(description, indent=2) + "\n").encode())
    pooled = pooling_function(encoder.model, recipe.layer_names, recipe.pooling)
    outcomes = Outcomes(run.path)
    described = {
        "encoder": encoder.name,
        "dataset": description["dataset"]["name"],
        "solver": recipe.solver,
    }
    for part in tqdm(planned, desc="probing", unit="part"):
        checkpoint = outcomes.checkpoint(part, places.checkpoint_minutes)
        if not outcomes.is_done(part):
            outcomes.save(
                probe_part(
                    part, photos, photo_set, encoder, pooled, features, recipe, cross_validated, checkpoint
                )
            )
            outcomes.write_results(planned, described)
        checkpoint.remove()  # one that a kill left behind its finished part too
    rows = outcomes.write_results(planned, described)
    outcomes.write_predictions(planned, photos)
    tell(run, rows)


def probe_part(
    part: Part,
    photos: LabelledPhotos,
    photo_set: PhotoSet,
    encoder: FoundEncoder,
    pooled: Any,
    features: Features,
    recipe: ProbeRecipe,
    cross_validated: bool,
    checkpoint: PartCheckpoint,
) -> PartOutcome:
    """Trains and tests every layer, label fraction and seed on one part."""
    draws = {}
    for fraction in recipe.fractions:
        if fraction < 1 or cross_validated or part.repeat == 0:  # all labels of a fixed split: once
            ids = [photos.ids[index] for index in part.train]
            purpose = f"{part.repeat}/{part.fold}"
            labels = part.labels[part.train]
            drawn = draw_fraction(ids, labels, fraction, recipe.seed, purpose, recipe.label_draws)
            draws[fraction] = part.train[drawn]
    groups = np.unique(photos.keys, return_inverse=True)[1]
    with threadpool_limits(1, "blas"):  # many small problems: threads would wait for each other
        if recipe.solver == "sgd":
            return sgd_outcome(part, photo_set, encoder, pooled, features, draws, groups, recipe, checkpoint)
        return exact_outcome(part, photos, features, draws, groups, recipe)


def exact_outcome(
    part: Part,
    photos: LabelledPhotos,
    features: Features,
    draws: dict[float, np.ndarray],
    groups: np.ndarray,
    recipe: ProbeRecipe,
) -> PartOutcome:
    """Fits the exact solver on every layer and draw; loads one layer's features of the part at a time."""
    outcome = PartOutcome(part)
    for layer in recipe.layer_names:
        views, values = features[layer].shape[1:]
        test = features[layer][part.test].reshape(-1, values)
        for fraction, train in draws.items():
            points = exact.coordinates(features[layer][train].reshape(-1, values), test)
            labels = part.labels[train].repeat(views).astype(np.int64)
            units = groups[train].repeat(views)
            fitted = exact.fit_labels(points, labels, units, recipe.seed)
            probabilities = fitted.predicted.reshape(-1, views).mean(1)
            scores = None
            if photos.scores is not None:
                ridge = exact.fit_scores(
                    points, photos.scores[train].repeat(views), labels, units, recipe.seed
                )
                scores = photos.scores[part.test], ridge.predicted.reshape(-1, views).mean(1)
            outcome.add(layer, fraction, len(train), {recipe.seed: probabilities}, scores)
    return outcome


def tell(run: RunFolder, rows: int) -> None:
    """One line each for the person at the terminal; standard output stays free for data."""
    say_what_was_left_out(run)
    say(f"{rows} rows are in {run.path / RESULTS}, probabilities in {run.path / PREDICTIONS}")
