"""`random:alexnet?width=0.5&seed=0`: an architecture of ours without training, to compare with."""

from __future__ import annotations

from aesthkeras.encoders.blocks import SMALLEST_INPUT
from aesthkeras.encoders.build import ENCODERS, build_encoder
from aesthkeras.finding.calibration import calibrate, calibration_photos
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.networks.spec import Spec, Types, seed
from aesthkeras.training.precision import use_precision

PAPER_CROP = 227


def random_encoder(spec: Spec, calibration_dir: str) -> FoundEncoder:
    """Build an encoder with random kernels and the batch-norm statistics of unlabelled photos.

    Args:
        spec: `random:NAME?width=1&seed=0&crop=227&resize=256`; what stands behind NAME may be left out.
        calibration_dir: folder of the photos, or `samples`.

    Raises:
        UsageError: no such architecture, an option out of range, or no photos.
    """
    if spec.name not in ENCODERS:
        raise spec.refuse(f"random: and one of {', '.join(sorted(ENCODERS))}")
    types: Types = {"width": float, "seed": seed, "crop": int, "resize": int}
    options = spec.options(types, f"random:{spec.name}?width=0.5&seed=0&crop=131&resize=148")
    crop, resize = spec.sizes(options, PAPER_CROP, smallest=SMALLEST_INPUT)
    width, drawn = options.get("width", 1.0), options.get("seed", 0)
    if not 0 < width <= 8:
        raise spec.refuse("a width above 0, at most 8")
    use_precision("float32")
    model = build_encoder(spec.name, input_size=crop, width=width, seed=drawn, weight_decay=0.0)
    photos = calibration_photos(calibration_dir, resize)
    # Before the calibration: its sums may differ in the last bit from one machine to another.
    fingerprint = encoder_fingerprint(model, resize, more=photos.fingerprint)
    calibrate(model, photos, resize, drawn)
    model.trainable = False
    return FoundEncoder(model, crop, resize, fingerprint, f"random {spec.name} seed {drawn}", spec.text)
