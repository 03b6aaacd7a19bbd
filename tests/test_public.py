"""What `import aesthkeras` and the console command show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import aesthkeras
from aesthkeras.__main__ import COMMANDS
from tests.test_rooms import ORDER

REPOSITORY = Path(__file__).parents[1]
PUBLIC = {"PretextModel", "__version__", "degradations", "encoders", "load"}


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aesthkeras", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


def test_the_package_shows_its_public_names_and_loads_no_tensorflow():
    code = (
        "import sys, aesthkeras\n"
        f"assert set(dir(aesthkeras)) == {PUBLIC!r}, dir(aesthkeras)\n"
        "assert set(aesthkeras.__all__) == set(dir(aesthkeras))\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_public_names_are_what_they_say():
    from aesthkeras.pretext.model import PretextModel
    from aesthkeras.scoring.photo_model import load

    assert aesthkeras.load is load
    assert aesthkeras.PretextModel is PretextModel
    assert aesthkeras.encoders.__name__ == "aesthkeras.encoders"
    assert aesthkeras.degradations.__name__ == "aesthkeras.degradations"
    with pytest.raises(AttributeError, match="nosuch"):
        aesthkeras.nosuch  # noqa: B018


def test_the_console_command_has_every_command():
    roof = {"experiments", *next(floor for floor in ORDER if "score" in floor)}
    assert set(COMMANDS) == roof
    shown = run("--help")
    assert shown.returncode == 0
    assert {line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ")} == roof
    assert run().stdout == shown.stdout
    assert run("--version").stdout.strip() == aesthkeras.__version__


def test_the_console_command_loads_no_tensorflow():
    code = (
        "import sys, aesthkeras.__main__ as console\n"
        "sys.argv = ['aesthkeras', 'score', '--help']\n"
        "try: console.main()\n"
        "except SystemExit: pass\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert "--crops" in result.stdout


def test_an_unknown_command_is_refused_in_one_line():
    result = run("scor", "photo.jpg")
    assert result.returncode == 2
    assert result.stderr == (
        f"aesthkeras: 'scor' is no command (did you mean score?): expected {', '.join(COMMANDS)}\n"
    )


@pytest.mark.parametrize(
    "arguments", [("score", "--help"), ("experiments", "--help"), ("probe", "--width=1")]
)
def test_a_command_does_what_its_module_does(arguments, tmp_path):
    command, *flags = arguments
    alone = subprocess.run(
        [sys.executable, "-m", f"aesthkeras.{command}", *flags],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    result = run(*arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (
        alone.returncode,
        alone.stdout,
        alone.stderr,
    )


def test_the_version_stands_in_one_place():
    for file in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "CITATION.cff"):
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        assert not re.search(rf"\b{re.escape(aesthkeras.__version__)}\b", text), file
