"""TensorFlow without its start-up lines, which from version 2.20 on no setting stops."""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


@contextmanager
def without_stderr() -> Iterator[None]:
    """What C++ code writes to stderr goes nowhere for a while; Python exceptions are raised as ever."""
    sys.stderr.flush()
    stderr = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


class QuietTensorFlow(importlib.abc.MetaPathFinder):
    """Finds TensorFlow as Python does, and loads it `without_stderr`; put first in `sys.meta_path`."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Nothing for any other module."""
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = _quietly(spec.loader.exec_module)  # type: ignore[method-assign, assignment]
        return spec


def _quietly(load: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def quietly(module: ModuleType) -> None:
        with without_stderr():
            load(module)

    return quietly
