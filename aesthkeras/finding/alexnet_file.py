"""`alexnet:FILE.npz?source=caffe&lrn=true`: an AlexNet that others have trained and released.

The file holds `conv1/kernel` .. `conv5/kernel`, `[height, width, input channels, output channels]`, and
`conv1/bias` .. `conv5/bias`, 0 where they are left out. A kernel with half of the input channels is convolved
in two groups, as in the original.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from aesthkeras.encoders.blocks import BLOCK_NAMES, SMALLEST_INPUT
from aesthkeras.encoders.released_alexnet import RELEASES, released_alexnet
from aesthkeras.encoders.scaling import SCALINGS
from aesthkeras.errors import first_line
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.networks.spec import RESIZE, Spec, Types
from aesthkeras.training.precision import use_precision

EXPECTED_FILE = "an .npz file of conv1/kernel .. conv5/kernel, each [height, width, input, output]"


def alexnet_encoder(spec: Spec) -> FoundEncoder:
    """Build an AlexNet with the convolutions of an `.npz` file; its blocks are `conv1` .. `conv5` after ReLU.

    Args:
        spec: `alexnet:FILE.npz?source=caffe|torch&lrn=false&scaling=caffe&crop=227&resize=256`; what stands
            behind the file may be left out. `source` decides padding, pooling, and the scaling and crop that
            are not given; `lrn=true` adds local response normalisation after the ReLU of conv1 and conv2.

    Raises:
        UsageError: no such file, another network, or an option out of range.
    """
    types: Types = {"source": str, "lrn": _truth, "scaling": str, "crop": int, "resize": int}
    options = spec.options(types, "FILE.npz?source=caffe&lrn=true&scaling=caffe&crop=227&resize=256")
    source = options.get("source", "caffe")
    if source not in RELEASES:
        raise spec.refuse(f"source to be one of {', '.join(RELEASES)}")
    scaling = options.get("scaling", RELEASES[source].scaling)
    if scaling not in SCALINGS:
        raise spec.refuse(f"scaling to be one of {', '.join(SCALINGS)}")
    crop, resize = spec.sizes(options, RELEASES[source].crop, RESIZE, SMALLEST_INPUT)
    use_precision("float32")
    kernels, biases = _read(spec)
    lrn = options.get("lrn", False)
    model = released_alexnet(kernels, biases, source, input_size=crop, scaling=scaling, lrn=lrn)
    model.trainable = False
    fingerprint = encoder_fingerprint(model, resize)
    return FoundEncoder(model, crop, resize, fingerprint, Path(spec.name).stem, spec.text)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _read(spec: Spec) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Kernels and biases by the name of the block, float32."""
    try:
        with np.load(spec.name) as file:
            kernels = {name: file[f"{name}/kernel"].astype(np.float32) for name in BLOCK_NAMES}
            biases = {
                name: file[f"{name}/bias"].astype(np.float32)
                if f"{name}/bias" in file
                else np.zeros(kernel.shape[-1:], np.float32)
                for name, kernel in kernels.items()
            }
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise spec.refuse(f"{EXPECTED_FILE} ({first_line(error)})") from error
    channels = 3
    for name, kernel in kernels.items():
        if kernel.ndim != 4 or channels % kernel.shape[2] or biases[name].shape != kernel.shape[-1:]:
            raise spec.refuse(
                f"{EXPECTED_FILE}; {name}/kernel is {list(kernel.shape)}, its input has {channels} channels"
            )
        channels = kernel.shape[-1]
    return kernels, biases
