"""Weights that PyTorch has saved, read without PyTorch."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64}
# What such a file may call; the arguments of a tensor begin with its storage, offset, sizes and strides.
KNOWN = {"OrderedDict": OrderedDict, "_rebuild_tensor_v2": lambda *arguments: arguments[:4], **STORAGES}

State = Mapping[str, np.ndarray]
"""Arrays by the names that PyTorch gives them, such as ``_blocks.0._bn1.weight``."""


class _Reader(pickle.Unpickler):
    """Reads pickles of tensors; nothing else that a file names is ever run."""

    def find_class(self, module: str, name: str) -> Any:
        """What `name` stands for, whatever the module."""
        if name not in KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of weights")
        return KNOWN[name]

    def persistent_load(self, identity: tuple) -> tuple:
        """Kind and key of a storage, whose values stand at the end of the file."""
        _, kind, key, *_ = identity
        return kind, key


def read_state(file: BinaryIO) -> State:
    """Read what ``torch.save`` of before PyTorch 1.6 wrote: pickles, then the values of each storage.

    Args:
        file: a state dictionary of float32 and int64 tensors.

    Raises:
        ValueError: it is none, or cut short.
    """
    try:
        for _ in range(3):  # magic number, version, facts about the machine
            _Reader(file).load()
        tensors = _Reader(file).load()
        kinds = {key: kind for (kind, key), *_ in tensors.values()}
        storages = {key: _values(file, kinds[key]) for key in _Reader(file).load()}
        return {
            name: _view(storages[key], offset, sizes, strides)
            for name, ((_, key), offset, sizes, strides) in tensors.items()
        }
    except (pickle.UnpicklingError, EOFError, LookupError, AttributeError, TypeError, ImportError) as error:
        raise ValueError(f"no weights that PyTorch has saved: {error!r}") from error


def _values(file: BinaryIO, kind: type[np.generic]) -> np.ndarray:
    count = int(np.frombuffer(file.read(8), np.int64)[0])
    return np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind, count)


def _view(values: np.ndarray, offset: int, sizes: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    """A tensor of a storage; one that was converted from TensorFlow does not lie there in order."""
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides))
    if not 0 <= offset <= last < len(values) or min(strides, default=0) < 0:
        raise ValueError(f"a tensor up to value {last} of {len(values)}")
    in_bytes = [stride * values.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(values[offset:], sizes, in_bytes, writeable=False)
