"""What `--encoder` names: an export, a run folder, a Keras network, another's SavedModel, or a random one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aesthkeras.encoders.side_by_side import common_sizes
from aesthkeras.encoders.tiles import in_tiles
from aesthkeras.errors import UsageError
from aesthkeras.files import printable
from aesthkeras.finding.alexnet_file import alexnet_encoder
from aesthkeras.finding.applications import application_encoder
from aesthkeras.finding.foreign import foreign_encoder
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.finding.joined import joined_encoder, statistics_encoder
from aesthkeras.finding.keras_file import keras_file_encoder
from aesthkeras.finding.lite0_encoder import lite0_encoder
from aesthkeras.finding.random_encoder import random_encoder
from aesthkeras.networks.description import ENCODER_FILE
from aesthkeras.networks.export import Export, find_export, newest_version
from aesthkeras.networks.spec import CROP, LITE0_KIND, RESIZE, STATISTICS_KIND, Spec, split_specs
from aesthkeras.networks.trained import read_trained
from aesthkeras.photos.sources import SAMPLES
from aesthkeras.training.run_folder import RunFolder

KERAS_FILE = ".keras"
EXPECTED_ENCODER = (
    "a SavedModel folder, a run folder with a checkpoint, a FILE.keras, random:alexnet?width=0.5&seed=0, "
    "keras:MobileNetV2?weights=imagenet, alexnet:FILE.npz, efficientnet_lite0 or statistics"
)


def find_encoder(
    spec: str, calibration_dir: str = SAMPLES, tiles: int = 0, argument: str = "encoder"
) -> FoundEncoder:
    """The encoder that `--encoder` names; of several, one that has the blocks of all.

    Args:
        spec: one of the following, or several, separated by commas (`split_specs`, `joined_encoder`):

            - `savedmodels/NAME` (its highest version), `savedmodels/NAME/VERSION`, or the name of a model
              that comes with the package;
            - a run folder of `pretrain` (its newest checkpoint);
            - `random:NAME?width=1&seed=0&crop=227&resize=256`, an architecture of ours without training;
            - `keras:NAME?weights=imagenet&blocks=a,b&crop=224&resize=256&seed=0`, a network of
              `keras.applications` (`applications.py`);
            - `FILE.keras?blocks=a,b&crop=224&resize=256&scaling=0..255` (`keras_file.py`);
            - `alexnet:FILE.npz?source=caffe&lrn=true`, released weights of an AlexNet (`alexnet_file.py`);
            - `efficientnet_lite0?crop=224&resize=256`, trained with ImageNet's labels (`lite0_encoder.py`);
            - `statistics?crop=224&resize=256`, natural-scene and colour statistics (`photo_statistics`);
              beside other encoders, of the very square that is cut for these;
            - a SavedModel of somebody else, with a JSON that says what is what (`foreign.py`).

            What stands behind a question mark may be left out. Where there are no trained weights, batch-norm
            statistics are those of 512 random patches of unlabelled photos.
        calibration_dir: folder of those photos, or `samples`.
        tiles: look at photos that many times larger, tile by tile (`tiles.in_tiles`); 1 for no tiles, 0 for
            what the SavedModel has. Of several, each is taken so; statistics are those of the whole square.
        argument: what errors call `spec`.

    Raises:
        UsageError: there is no such encoder; one line that names the argument.
    """
    specs = split_specs(spec, argument)
    parts = {
        place: _found_alone(one, calibration_dir, tiles)
        for place, one in enumerate(specs)
        if one.kind != STATISTICS_KIND
    }
    seen = [(part.crop, part.resize) for part in parts.values()]
    sizes = common_sizes(seen or [(CROP * max(1, tiles), RESIZE * max(1, tiles))])
    for place, one in enumerate(specs):
        if one.kind == STATISTICS_KIND:
            parts[place] = statistics_encoder(one, *sizes)
    return joined_encoder([parts[place] for place in range(len(specs))], spec)


def _found_alone(spec: Spec, calibration_dir: str, tiles: int) -> FoundEncoder:
    if not spec.name:
        raise spec.refuse(EXPECTED_ENCODER)
    found = _found(spec, calibration_dir)
    found = found._replace(name=printable(found.name))
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


def _found(spec: Spec, calibration_dir: str) -> FoundEncoder:
    kinds: dict[str, Callable[[], FoundEncoder]] = {
        "random": lambda: random_encoder(spec, calibration_dir),
        "keras": lambda: application_encoder(spec, calibration_dir),
        "alexnet": lambda: alexnet_encoder(spec),
        LITE0_KIND: lambda: lite0_encoder(spec),
    }
    if spec.kind in kinds:
        return kinds[spec.kind]()
    if spec.name.endswith(KERAS_FILE):
        return keras_file_encoder(spec)
    if (Path(spec.text) / "flags.cfg").exists():
        return _trained_encoder(spec)
    try:
        place = find_export(spec.text, spec.argument)
    except UsageError:
        raise spec.refuse(EXPECTED_ENCODER) from None
    version = newest_version(place)
    if version is None:
        raise spec.refuse(EXPECTED_ENCODER)
    if (version / "assets" / ENCODER_FILE).exists():
        return _exported_encoder(spec, place, version)
    return foreign_encoder(spec, place, version)


def _exported_encoder(spec: Spec, place: Path, version: Path) -> FoundEncoder:
    export = Export.of_version(place, version, f"{spec.argument}={spec.text}")
    model, degradations = export.encoder(), export.degradations()
    model.trainable = False
    fingerprint = encoder_fingerprint(model, export.resize)
    return FoundEncoder(
        model, export.crop, export.resize, fingerprint, export.name, spec.text, degradations, export.notes
    )


def _trained_encoder(spec: Spec) -> FoundEncoder:
    run = RunFolder(spec.text)
    model, degradations, description = read_trained(run, spec.argument)
    model.trainable = False
    crop, resize, notes = description.crop, description.resize, description.notes
    fingerprint = encoder_fingerprint(model, resize)
    name = run.path.resolve().name
    return FoundEncoder(model, crop, resize, fingerprint, name, spec.text, degradations, notes)
