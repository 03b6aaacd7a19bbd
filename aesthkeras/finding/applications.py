"""`keras:MobileNetV2?weights=imagenet&blocks=a,b`: a network of `keras.applications` as an encoder."""

from __future__ import annotations

from pathlib import Path

import keras

from aesthkeras.encoders.network_blocks import block_outputs, encoder_of, mean_of, with_own_names
from aesthkeras.encoders.scaling import ApplicationPixels
from aesthkeras.errors import first_line
from aesthkeras.finding.calibration import calibrate, calibration_photos
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.networks.spec import Spec, Types, names, seed
from aesthkeras.training.precision import use_precision

IMAGENET, NONE = "imagenet", "none"
# All others end with the average over positions, which is then the embedding.
WITHOUT_AVERAGE = ("vgg16", "vgg19")
IMAGENET_NOTES = (
    "Trained with the photos and labels of ImageNet (ILSVRC 2012), whose terms allow non-commercial research "
    "and education."
)


def application_encoder(spec: Spec, calibration_dir: str) -> FoundEncoder:
    """Build a network of `keras.applications`, with its own `preprocess_input` inside.

    Args:
        spec: `keras:NAME?weights=imagenet|none|FILE&blocks=a,b,c&crop=224&resize=256&seed=0`; what stands
            behind NAME may be left out. NAME is a function of `keras.applications`; `blocks` are names of
            layers, by default those of `default_blocks`; FILE holds weights without the top. With
            `weights=none` Keras's global seed is set to `seed`, which decides the kernels; batch-norm
            statistics are those of unlabelled photos.
        calibration_dir: folder of these photos, or `samples`.

    Raises:
        UsageError: no such network, weights that cannot be had, no such layers, or sizes out of range.
    """
    build = getattr(keras.applications, spec.name, None) if spec.name[:1].isupper() else None
    if build is None:
        raise spec.refuse("keras: and a network of keras.applications, such as MobileNetV2 or ResNet50")
    types: Types = {"weights": str, "blocks": names, "crop": int, "resize": int, "seed": seed}
    options = spec.options(types, f"keras:{spec.name}?weights=imagenet&crop=224&resize=256")
    crop, resize = spec.sizes(options)
    weights, drawn = options.get("weights", IMAGENET), options.get("seed", 0)
    if weights not in (IMAGENET, NONE) and not Path(weights).exists():
        raise spec.refuse("weights=imagenet, weights=none or the file of its weights without the top")
    use_precision("float32")
    if weights == NONE:
        keras.utils.set_random_seed(drawn)
    try:
        given = None if weights == NONE else weights
        network = with_own_names(build(include_top=False, weights=given, input_shape=(crop, crop, 3)))
        outputs = block_outputs(network, options.get("blocks", ()))
    except Exception as error:  # Keras raises nothing finer for a download that failed
        reason = first_line(error)
        unreached = "to reach the weights; weights=none or a file need no network"
        expected = unreached if "URL fetch failure" in reason else "a network that Keras can build so"
        raise spec.refuse(f"{expected} ({reason})") from error
    module = build.__module__.rpartition(".")[2]
    if module not in WITHOUT_AVERAGE:
        outputs["embedding"] = mean_of(list(outputs.values())[-1])
    model = encoder_of(network, outputs, crop, ApplicationPixels(module, name="preprocessed"), spec.name)
    if weights == NONE:
        photos = calibration_photos(calibration_dir, resize)
        fingerprint = encoder_fingerprint(model, resize, more=photos.fingerprint)
        calibrate(model, photos, resize, drawn)
        name, notes = f"random {spec.name} seed {drawn}", ""
    else:
        fingerprint = encoder_fingerprint(model, resize)
        name = f"{spec.name} {IMAGENET if weights == IMAGENET else Path(weights).stem}"
        notes = IMAGENET_NOTES if weights == IMAGENET else ""
    model.trainable = False
    return FoundEncoder(model, crop, resize, fingerprint, name, spec.text, notes=notes)
