"""The house keeps its order: a room uses only rooms below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import aesthkeras

HOUSE = Path(aesthkeras.__file__).parent

# From the roof to the ground; rooms on one line do not use each other.
ORDER = (
    ("__main__",),
    ("experiments",),
    ("adapt", "export", "monotone", "prepare", "preview", "pretrain", "probe", "report", "score"),
    ("scoring",),
    ("serving",),
    ("pretext",),
    ("scorers", "probes"),
    ("reports",),
    ("labelled",),
    ("finding",),
    ("networks",),
    ("encoders",),
    ("training",),
    ("degradations",),
    ("preparation",),
    ("datasets",),
    ("culling",),
    ("photos",),
    ("decoding",),
    ("cluster",),
    ("monitoring",),
    ("command",),
    ("settings", "storage", "templates"),
    ("fsspec_store",),
    ("files", "errors", "machine", "quiet_start"),
)
FLOOR = {room: floor for floor, rooms in enumerate(reversed(ORDER)) for room in rooms}


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and room of everything that a file imports of this package, inside functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aesthkeras":
            parts = (node.module or "").split(".")[1:]
            for name in [parts[0]] if parts else [alias.name for alias in node.names]:
                yield node.lineno, name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("aesthkeras."):
                    yield node.lineno, alias.name.split(".")[1]


def test_every_room_has_its_floor():
    found = {
        path.stem if path.is_file() else path.name
        for path in HOUSE.iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    assert found == set(FLOOR)


@pytest.mark.parametrize("room", sorted(FLOOR))
def test_a_room_uses_only_rooms_below_it(room):
    files = list((HOUSE / room).rglob("*.py")) if (HOUSE / room).is_dir() else [HOUSE / f"{room}.py"]
    upward = [
        f"{file.relative_to(HOUSE)}:{line} uses {used}"
        for file in files
        for line, used in imports(file)
        if used in FLOOR and used != room and FLOOR[used] >= FLOOR[room]
    ]
    assert not upward


def test_no_file_is_long_and_no_room_is_crowded():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in HOUSE.rglob("*.py")}
    long = {str(path.relative_to(HOUSE)): length for path, length in lengths.items() if length > 300}
    crowded = {}
    tasks = HOUSE / "pretext/tasks"  # a room in a room: each task is a folder of its own
    for room in [*FLOOR, "pretext/tasks"]:
        inside = {path: length for path, length in lengths.items() if path.is_relative_to(HOUSE / room)}
        if room == "pretext":
            inside = {path: length for path, length in inside.items() if not path.is_relative_to(tasks)}
        if sum(inside.values()) > 2500:
            crowded[room] = sum(inside.values())
    assert not long and not crowded
