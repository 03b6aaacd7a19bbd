"""Stores that need no network: one that TensorFlow knows itself, one that is reached through fsspec."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aesthkeras import storage


@pytest.fixture(params=["ram", "memory"])
def scheme(request) -> str:
    """`ram` stands for `gs`, and with tensorflow-io for `s3`; fsspec's `memory` for `s3` without it."""
    if request.param == "memory":
        pytest.importorskip("fsspec")
    return request.param


@pytest.fixture
def upload() -> Callable[[Path, str], str]:
    """`upload(folder, store)`: all that lies in a folder; returns the store."""

    def copy(folder: Path, store: str) -> str:
        for path in sorted(folder.rglob("*")):
            target = f"{store}/{path.relative_to(folder).as_posix()}"
            storage.make_folder(target if path.is_dir() else os.path.dirname(target))
            if path.is_file():
                storage.write_whole(target, path.read_bytes())
        return store

    return copy
