"""One name for one thing: no public function, class or constant is defined in two files."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import aesthkeras

HOUSE = Path(aesthkeras.__file__).parent

# What each file of a kind has: commands, pretext tasks, readers of data sets; and Keras's own word.
ROLES = {"main", "define", "OPTIONS", "TASK", "layers"}
READERS = {"read", "LAYOUT", "RATINGS", "IMAGE_FOLDERS", "SCORE_RANGE", "THRESHOLD"}


def definitions(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_no_public_name_is_defined_twice():
    places = defaultdict(list)
    for file in HOUSE.rglob("*.py"):
        readers = READERS if file.parent.name == "datasets" else set()
        for name in set(definitions(file)) - ROLES - readers:
            if not name.startswith("_"):
                places[name].append(str(file.relative_to(HOUSE)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
