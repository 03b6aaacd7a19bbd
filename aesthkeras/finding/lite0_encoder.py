"""`efficientnet_lite0?crop=224&resize=256`: a network that knows ImageNet's classes, as an encoder."""

from __future__ import annotations

from aesthkeras.encoders.efficientnet_lite0 import efficientnet_lite0
from aesthkeras.encoders.package_weights import PACKAGE, fill_networks, package_state
from aesthkeras.finding.applications import IMAGENET_NOTES
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.networks.spec import LITE0_KIND, Spec
from aesthkeras.training.precision import use_precision

NOTES = f"{IMAGENET_NOTES} The weights are those of the package {PACKAGE} (Apache-2.0)."


def lite0_encoder(spec: Spec) -> FoundEncoder:
    """EfficientNet-lite0 with the weights of its package.

    Args:
        spec: `efficientnet_lite0?crop=224&resize=256`; what stands behind `efficientnet_lite0` may be left
            out.

    Raises:
        UsageError: sizes out of range, or the package is not installed.
    """
    options = spec.options({"crop": int, "resize": int}, f"{LITE0_KIND}?crop=224&resize=256")
    crop, resize = spec.sizes(options)
    asked = f"{spec.argument}={spec.text}"
    state = package_state(asked)
    use_precision("float32")
    model = efficientnet_lite0(crop)
    fill_networks(model, state, asked)
    model.trainable = False
    fingerprint = encoder_fingerprint(model, resize)
    return FoundEncoder(model, crop, resize, fingerprint, LITE0_KIND, spec.text, notes=NOTES)
