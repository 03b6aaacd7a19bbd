"""A wheel of the package holds all that the package needs away from the repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import aesthkeras

REPOSITORY = Path(__file__).parents[1]
BUILT_FROM = ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """Built without a network from a copy, because a build leaves files beside the sources."""
    copy, out = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        shutil.copy(REPOSITORY / name, copy)
    for folder in ("aesthkeras", "flags", "savedmodels"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / folder, copy / folder, ignore=ignored)
    (copy / "savedmodels" / "mine" / "1").mkdir(parents=True)
    (copy / "savedmodels" / "mine" / "1" / "saved_model.pb").write_bytes(b"a user's own")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", f"--wheel-dir={out}"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(copy)], check=True)
    (file,) = out.iterdir()
    return zipfile.ZipFile(file)


def test_every_file_of_the_package_and_every_flag_file_is_inside(wheel):
    expected = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "aesthkeras").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    flags = {f"aesthkeras/{path.relative_to(REPOSITORY)}" for path in (REPOSITORY / "flags").rglob("*.cfg")}
    assert len(flags) > 40
    assert expected | flags <= set(wheel.namelist())


def test_the_shipped_models_are_inside_and_a_users_own_are_not(wheel):
    models = [name for name in wheel.namelist() if name.startswith("aesthkeras/savedmodels/")]
    assert {name.split("/")[2] for name in models} == {"beauty", "quality"}
    for model in ("beauty", "quality"):
        path = f"savedmodels/{model}/2/variables/variables.data-00000-of-00001"
        assert wheel.read(f"aesthkeras/{path}") == (REPOSITORY / path).read_bytes()


def test_version_licence_and_console_command_are_declared(wheel):
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    metadata = wheel.read(f"{folder}/METADATA").decode()
    assert f"\nVersion: {aesthkeras.__version__}\n" in metadata
    assert "\nLicense: Apache-2.0\n" in metadata
    assert {"LICENSE", "NOTICE"} <= {Path(name).name for name in wheel.namelist() if folder in name}
    assert "aesthkeras = aesthkeras.__main__:main" in wheel.read(f"{folder}/entry_points.txt").decode()
