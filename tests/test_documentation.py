"""The documentation pages and the notebook are as a reader of the repository needs them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from tests.test_rooms import FLOOR

REPOSITORY = Path(__file__).parents[1]
NOTEBOOK = REPOSITORY / "docs" / "first_steps.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[dict]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def test_the_notebook_is_kept_without_outputs_and_its_code_parses(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    for cell in code:
        ast.parse("".join(cell["source"]))


def test_every_page_is_in_the_navigation():
    navigation = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"^  - .*: (\S+)$", navigation, re.MULTILINE))
    pages = [*(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "docs").glob("*.ipynb")]
    assert named == {path.name for path in pages}


def test_paths_that_readme_names_exist():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    table = text.split("## Where the method is")[1]
    paths = re.findall(r"`((?:aesthkeras|flags)/[\w/.]+)`", table)
    assert len(paths) > 12
    for path in paths:
        assert (REPOSITORY / path).exists(), path


def test_contributing_tells_of_every_room():
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    rooms = {room.removesuffix(".py").rstrip("/") for row in rows for room in re.findall(r"`([\w./]+)`", row)}
    assert rooms == set(FLOOR)
