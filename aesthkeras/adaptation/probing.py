"""A probe run from end to end: an encoder and a labelled data set in, tables of metrics out."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from aesthkeras.adaptation import exact
from aesthkeras.adaptation.features import Features, extract_features, pooling_function
from aesthkeras.adaptation.fractions import draw_fraction
from aesthkeras.adaptation.outcome import DESCRIPTION, PREDICTIONS, RESULTS, Outcomes, PartOutcome
from aesthkeras.adaptation.protocols import LabelledPhotos, LabelledSet, Part, parts
from aesthkeras.adaptation.settings import ProbePlaces, ProbeRecipe
from aesthkeras.adaptation.sgd import sgd_outcome
from aesthkeras.adaptation.sgd_checkpoint import ProbeCheckpoint
from aesthkeras.data.inspection import PhotoSet, inspect_photos
from aesthkeras.data.quarantine import write_quarantine
from aesthkeras.encoders.find import FoundEncoder, find_encoder
from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.results.run_folder import RunFolder, machine_facts


def probe(run: RunFolder, places: ProbePlaces, labelled: LabelledSet, recipe: ProbeRecipe) -> None:
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
    encoder = find_encoder(places.encoder, places.calibration_dir)
    photos, photo_set = readable_photos(labelled.photos, run, encoder.resize, places.cache)
    list_left_out(run.quarantine, labelled.left_out)
    planned = list(parts(photos, recipe, cross_validated))
    description = describe(encoder, photos, photo_set, places, recipe, cross_validated)
    refuse_other_inputs(run.path / DESCRIPTION, description)
    run.update_record(seed=recipe.seed, **machine_facts())
    feature_dir = places.feature_dir or str(run.path / "features")
    features = extract_features(
        encoder, photo_set, feature_dir, recipe.layer_names, recipe.pooling, recipe.mirror
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
        if not outcomes.is_done(part):
            checkpoint = outcomes.checkpoint(part, places.checkpoint_minutes)
            outcomes.save(
                probe_part(
                    part, photos, photo_set, encoder, pooled, features, recipe, cross_validated, checkpoint
                )
            )
            checkpoint.remove()
            outcomes.write_results(planned, described)
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
    checkpoint: ProbeCheckpoint,
) -> PartOutcome:
    """Trains and tests every layer, label fraction and seed on one part."""
    draws = {}
    for fraction in recipe.fractions:
        if fraction < 1 or cross_validated or part.repeat == 0:  # all labels of a fixed split: once
            ids = [photos.ids[index] for index in part.train]
            purpose = f"{part.repeat}/{part.fold}"
            drawn = draw_fraction(ids, part.labels[part.train], fraction, recipe.seed, purpose)
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


def readable_photos(
    photos: LabelledPhotos, run: RunFolder, resize: int, cache: str
) -> tuple[LabelledPhotos, PhotoSet]:
    """Leaves out what cannot be decoded; both results have the same photos in the same order, by path."""
    photos = photos.subset(sorted(range(len(photos.paths)), key=photos.paths.__getitem__))
    photo_set = inspect_photos(photos.paths, str(run.path), edge=resize, cache=cache)
    readable = set(photo_set.paths)
    kept = [index for index, path in enumerate(photos.paths) if path in readable]
    return photos.subset(kept), photo_set


def list_left_out(quarantine: Path, left_out: list[tuple[str, str, str]]) -> None:
    """Adds to quarantine.csv what the set lists and cannot give: labels of photos that are not there."""
    with open(quarantine, encoding="utf-8", errors="surrogateescape", newline="") as lines:
        rows = {row["path"]: row["reason"] for row in csv.DictReader(lines)}
    rows.update({path: reason for _, path, reason in left_out})
    write_quarantine(str(quarantine), rows.items())


def describe(
    encoder: FoundEncoder,
    photos: LabelledPhotos,
    photo_set: PhotoSet,
    places: ProbePlaces,
    recipe: ProbeRecipe,
    cross_validated: bool,
) -> dict[str, Any]:
    """What probe.json says, but for the number of values."""
    name = os.path.basename(os.path.abspath(places.data_dir)) if places.dataset == "csv" else places.dataset
    grouped = " grouped" if len(set(photos.keys)) < len(photos.keys) else ""
    folds = f"{recipe.folds}-fold{grouped} cross-validation x {recipe.repeats}, seed {recipe.seed}"
    return {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint, "spec": encoder.spec},
        "dataset": {
            "name": name,
            "photos": len(photos.ids),
            "fingerprint": data_fingerprint(photos, photo_set),
            "scored": photos.scores is not None,
        },
        "protocol": folds if cross_validated else "train and test split",
        "solver": recipe.solver,
        "pooling": recipe.pooling,
        "layers": recipe.layer_names,
    }


def data_fingerprint(photos: LabelledPhotos, photo_set: PhotoSet) -> str:
    """SHA-256 over photos, labels, scores, groups and splits, in hexadecimal."""
    digest = hashlib.sha256(photo_set.fingerprint.encode())
    for values in (photos.scores, photos.labels):
        digest.update(b"none" if values is None else values.tobytes())
    for texts in (photos.ids, photos.keys, photos.splits):
        digest.update("\0".join(texts).encode(errors="surrogateescape"))
    return digest.hexdigest()


def refuse_other_inputs(path: Path, description: dict[str, Any]) -> None:
    """Raises `UsageError` if the run began with another encoder or other labels: rows would not mix."""
    if not path.exists():
        return
    earlier = json.loads(path.read_text())
    for flag, part in (("encoder", "encoder"), ("data_dir", "dataset")):
        if earlier[part]["fingerprint"] != description[part]["fingerprint"]:
            raise UsageError(
                f"--{flag}: {path} is of {earlier[part]['name']} as it was when the run began; it has "
                "changed since, or is another; give another --run_dir"
            )


def tell(run: RunFolder, rows: int) -> None:
    """One line each for the person at the terminal; standard output stays free for data."""
    with open(run.quarantine, encoding="utf-8", errors="surrogateescape", newline="") as lines:
        refused = sum(1 for _ in csv.DictReader(lines))
    if refused:
        say(f"{refused} photos could not be used and are listed in {run.quarantine}")
    say(f"{rows} rows are in {run.path / RESULTS}, probabilities in {run.path / PREDICTIONS}")


def say(line: str) -> None:
    """One line on stderr."""
    print(f"aesthkeras: {line}", file=sys.stderr)
