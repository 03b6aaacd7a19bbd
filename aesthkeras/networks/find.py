"""What `--encoder` names: a SavedModel, a run folder, or a random initialisation to compare with."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow import keras
from tensorflow.core.protobuf import saved_model_pb2

from aesthkeras.encoders.build import ENCODERS, build_encoder
from aesthkeras.encoders.tiles import in_tiles
from aesthkeras.errors import UsageError
from aesthkeras.networks.loading import (
    encoder_description,
    load_degradations,
    load_encoder,
    newest_version,
)
from aesthkeras.networks.saving import ENCODER_ASSET, FEATURES, versions
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.notes import recorded_notes
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.sources import SAMPLES, find_photos
from aesthkeras.pretext.export import task_of, trained_networks
from aesthkeras.training.precision import use_precision
from aesthkeras.training.run_folder import RunFolder

RANDOM = "random:"
EXPECTED = "expected a SavedModel folder, a run folder with a checkpoint, or random:alexnet?width=0.5&seed=0"
CALIBRATION_PHOTOS = 512
CALIBRATION_BATCHES = 8
CALIBRATION_BATCH = 64


class FoundEncoder(NamedTuple):
    """An encoder ready to be probed.

    Attributes:
        model: a functional float32 model from RGB pixel values `[N, crop, crop, 3]` to its blocks by name.
        crop: edge of its input in pixels.
        resize: length of a photo's shorter edge before the crop.
        fingerprint: SHA-256 over architecture, weights, crop and resize, in hexadecimal.
        name: what tables call it.
        spec: what `--encoder` said.
        degradations: embedding to the logits of the degradations, and their names; None where it knows none.
        notes: what is known about the licence of the photos that trained it; empty for nothing.
    """

    model: keras.Model
    crop: int
    resize: int
    fingerprint: str
    name: str
    spec: str
    degradations: tuple[keras.Model, list[str]] | None = None
    notes: str = ""


class RandomSpec(NamedTuple):
    """The parts of `random:NAME?width=W&seed=S&crop=C&resize=R`."""

    architecture: str
    width: float = 1.0
    seed: int = 0
    crop: int = 227
    resize: int = 256


def find_encoder(spec: str, calibration_dir: str = SAMPLES, tiles: int = 0) -> FoundEncoder:
    """The encoder that `--encoder` names.

    Args:
        spec: `savedmodels/NAME` (its highest version), `savedmodels/NAME/VERSION`, a run folder (its newest
            checkpoint), or `random:NAME?width=1&seed=0&crop=227&resize=256`, where all after the name may be
            left out. A random encoder's batch-norm statistics are those of 512 random patches of unlabelled
            photos; with the initial ones, mean 0 and deviation 1, activations would vanish or explode.
        calibration_dir: folder of those photos, or `samples`.
        tiles: look at photos that many times larger, tile by tile (`tiles.in_tiles`); 1 for no tiles, 0 for
            what the SavedModel has.

    Raises:
        UsageError: there is no such encoder; one line that names `--encoder`.
    """
    found = _found(spec, calibration_dir)
    return _in_tiles(found, tiles) if tiles else found


def _in_tiles(found: FoundEncoder, tiles: int) -> FoundEncoder:
    """The same, with pixels and photo as many times larger."""
    model = in_tiles(found.model, tiles)
    crop = model.input_shape[1]
    if crop == found.crop:
        return found
    resize = round(found.resize * crop / found.crop)
    name = f"{found.name}, {tiles} x {tiles} tiles" if tiles > 1 else f"{found.name}, no tiles"
    fingerprint = encoder_fingerprint(model, resize, more=found.fingerprint)
    return found._replace(model=model, crop=crop, resize=resize, fingerprint=fingerprint, name=name)


def _found(spec: str, calibration_dir: str) -> FoundEncoder:
    if spec.startswith(RANDOM):
        return _random_encoder(spec, calibration_dir)
    folder = Path(spec)
    if (folder / "saved_model.pb").exists() or versions(folder):
        return _exported_encoder(spec, folder)
    if (folder / "flags.cfg").exists():
        return _trained_encoder(spec, folder)
    raise UsageError(f"encoder={spec}: {EXPECTED}")


def encoder_fingerprint(model: keras.Model, resize: int, more: str = "") -> str:
    """SHA-256, in hexadecimal, over an encoder's configuration and weights, its resize, and `more`."""
    config = json.dumps(model.get_config(), sort_keys=True, default=str)
    digest = hashlib.sha256(f"{config}\0{resize}\0{more}\0".encode())
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()


def _exported_encoder(spec: str, folder: Path) -> FoundEncoder:
    try:
        version = newest_version(folder)
        content = (version / "saved_model.pb").read_bytes()
        graphs = saved_model_pb2.SavedModel.FromString(content).meta_graphs
    except (UsageError, DecodeError, OSError) as error:
        raise UsageError(f"encoder={spec}: expected a SavedModel that can be read") from error
    signatures = {name for graph in graphs for name in graph.signature_def if not name.startswith("__")}
    if FEATURES not in signatures:
        found = ", ".join(sorted(signatures)) or "none"
        raise UsageError(
            f"encoder={spec}: expected a SavedModel with the signature {FEATURES}, as aesthkeras exports "
            f"one; this one has {found}"
        )
    try:
        description = encoder_description(version)
        model, degradations = load_encoder(version), load_degradations(version)
        crop, resize = int(description["crop"]), int(description["resize_edge"])
        record = version / "assets" / "run.json"
        notes = recorded_notes(json.loads(record.read_text())) if record.exists() else ""
    # a file of variables cut short is an IndexError
    except (UsageError, ValueError, LookupError, AssertionError, tf.errors.OpError) as error:
        raise UsageError(
            f"encoder={spec}: expected a SavedModel that aesthkeras exported, with assets/{ENCODER_ASSET} "
            "and its variables"
        ) from error
    model.trainable = False
    place = folder.resolve()
    name = place.name if place != version.resolve() else f"{place.parent.name}/{place.name}"
    fingerprint = encoder_fingerprint(model, resize)
    return FoundEncoder(model, crop, resize, fingerprint, name, spec, degradations, notes)


def _trained_encoder(spec: str, folder: Path) -> FoundEncoder:
    run = RunFolder(folder)
    if "task" not in run.read_flags() or tf.train.latest_checkpoint(str(run.checkpoints)) is None:
        raise UsageError(f"encoder={spec}: expected a run of pretrain that has made a checkpoint")
    task = task_of(run)
    model, head = trained_networks(run, task)
    model.trainable = False
    resize = task.recipe.resize
    fingerprint = encoder_fingerprint(model, resize)
    name, degradations = folder.resolve().name, task.serving_head(head)
    notes = recorded_notes(run.read_record())
    return FoundEncoder(model, task.recipe.crop, resize, fingerprint, name, spec, degradations, notes)


def _random_encoder(spec: str, calibration_dir: str) -> FoundEncoder:
    wanted = _random_spec(spec)
    use_precision("float32")
    model = build_encoder(
        wanted.architecture, input_size=wanted.crop, width=wanted.width, seed=wanted.seed, weight_decay=0.0
    )
    photos = _calibration_photos(calibration_dir, wanted.resize)
    # Before the calibration: its sums may differ in the last bit from one machine to another.
    fingerprint = encoder_fingerprint(model, wanted.resize, more=photos.fingerprint)
    calibrate(model, photos, wanted.resize, wanted.seed)
    model.trainable = False
    name = f"random {wanted.architecture} seed {wanted.seed}"
    return FoundEncoder(model, wanted.crop, wanted.resize, fingerprint, name, spec)


def _random_spec(spec: str) -> RandomSpec:
    architecture, _, query = spec[len(RANDOM) :].partition("?")
    if architecture not in ENCODERS:
        raise UsageError(f"encoder={spec}: expected random: and one of {', '.join(sorted(ENCODERS))}")
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
        kinds = {"width": float, "seed": int, "crop": int, "resize": int}
        values = {key: kinds[key](text) for key, text in given.items()}
        crop = int(values.get("crop", 227))
        # the paper's 256 to 227, at any size
        values.setdefault("resize", round(crop * 256 / 227))
        wanted = RandomSpec(architecture, **values)  # type: ignore[arg-type]
    except (KeyError, ValueError):
        raise UsageError(
            f"encoder={spec}: expected width, seed, crop and resize as in "
            f"random:{architecture}?width=0.5&seed=0&crop=131&resize=148"
        ) from None
    if not (0 < wanted.width <= 8 and 96 <= wanted.crop <= wanted.resize <= 4096 and wanted.seed >= 0):
        raise UsageError(
            f"encoder={spec}: expected a width above 0, at most 8, a crop from 96 pixels up to the resize, "
            "a seed of 0 or more"
        )
    return wanted


def _calibration_photos(calibration_dir: str, resize: int) -> PhotoSet:
    """Up to 512 photos, spread evenly over the folder, so that no sub-folder stands for all.

    They are kept decoded: up to 512 x 256 x 400 x 3 bytes, 150 MB.
    """
    try:
        paths = find_photos(calibration_dir)
        chosen = sorted({paths[len(paths) * k // CALIBRATION_PHOTOS] for k in range(CALIBRATION_PHOTOS)})
        with tempfile.TemporaryDirectory() as folder:
            return inspect_photos(chosen, folder, edge=resize, cache="memory", progress=False)
    except UsageError as error:
        text = str(error).replace("data_dir", "calibration_dir")
        raise UsageError(text) from error


def calibrate(model: keras.Model, photos: PhotoSet, resize: int, seed: int = 0) -> None:
    """Sets batch-norm statistics to those of 512 random patches: the mean over eight batches of 64.

    Args:
        model: an encoder; its moving means and variances are overwritten, its kernels are not.
        photos: any photos, no labels needed.
        resize: length of their shorter edge before the crop.
        seed: decides the patches.
    """
    normalizations = [part for part in model.submodules if isinstance(part, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in normalizations]
    patches = patch_dataset(photos, resize, model.input_shape[1], CALIBRATION_BATCH, seed=seed)
    for step, batch in enumerate(patches.take(CALIBRATION_BATCHES)):
        for layer in normalizations:
            layer.momentum = step / (step + 1)  # the running mean over batches, from the first on
        model(batch["patches"], training=True)
    for layer, momentum in zip(normalizations, momenta):
        layer.momentum = momentum
