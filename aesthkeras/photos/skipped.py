"""What lies in a folder of photos and is not taken: raw files, other pictures, and thumbnails of systems."""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Iterable

from aesthkeras.monitoring.progress import counted, say

RAW_SUFFIXES = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dcs", ".dng", ".erf", ".fff", ".gpr", ".iiq"),
    *(".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2"),
    *(".rwl", ".sr2", ".srf", ".srw", ".x3f"),
)
_OTHER_SUFFIXES = (
    *(".apng", ".dds", ".dib", ".exr", ".hdr", ".ico", ".j2c", ".j2k", ".jp2", ".jpf", ".jps", ".jpx"),
    *(".jxl", ".jxr", ".mpo", ".pbm", ".pcx", ".pgm", ".pnm", ".ppm", ".psb", ".psd", ".svg", ".tga"),
    *(".wdp", ".xcf"),
)
_HEIC_SUFFIXES = (".heic", ".heif", ".hif")
# Synology, QNAP, macOS in a ZIP file, and programs that show folders of photos
_OF_SYSTEMS = {
    "@eadir",
    "@__thumb",
    "__macosx",
    "thumbs",
    "thumbnails",
    "#recycle",
    "@recycle",
    "$recycle.bin",
}


def is_of_system(name: str) -> bool:
    """Whether a file or folder is hidden, or belongs to a system that keeps its thumbnails or waste there."""
    return name.startswith(".") or name.lower() in _OF_SYSTEMS


def reads_raw_files() -> bool:
    """Whether `rawpy` is installed, which finds the previews in raw files."""
    return importlib.util.find_spec("rawpy") is not None


class Skipped:
    """Counts what is not taken from folders, to say it in one line.

    Args:
        raw_previews: whether the command would read raw files by their previews, with one more package.
    """

    def __init__(self, raw_previews: bool = False) -> None:
        self._raw = set(RAW_SUFFIXES) if raw_previews else set()
        self._pictures: Counter[str] = Counter()
        self._folders: Counter[str] = Counter()

    def add_file(self, name: str) -> None:
        """Count a file where it is a picture that cannot be read; it may be any file."""
        suffix = os.path.splitext(name)[1].lower()
        if suffix in RAW_SUFFIXES or suffix in _OTHER_SUFFIXES or suffix in _HEIC_SUFFIXES:
            self._pictures[suffix] += 1

    def add_folder(self, name: str) -> None:
        """Count a folder that `is_of_system`; hidden ones are not worth a word."""
        if not name.startswith("."):
            self._folders[name] += 1

    def text(self) -> str:
        """What was counted and what can be done about it, in one line; empty where there is nothing."""
        heic = [] if importlib.util.find_spec("pillow_heif") else list(_HEIC_SUFFIXES)
        raw = self._pictures.keys() & self._raw
        others = self._pictures.keys() - set(_HEIC_SUFFIXES) - raw
        count = sum(self._pictures[suffix] for suffix in [*others, *raw, *heic])
        parts = [
            (_listed(self._pictures, raw), "pip install 'aesthkeras[photos]'"),
            (_listed(self._pictures, others), "convert to JPEG, PNG or TIFF"),
            (_listed(self._pictures, heic), "pip install 'aesthkeras[heic]'"),
        ]
        said = [f"{what} ({remedy})" for what, remedy in parts if what]
        lines = [f"{counted(count, 'picture')} cannot be read: {', '.join(said)}"] if said else []
        folders = _listed(self._folders, self._folders)
        return "; ".join([*lines, *([f"thumbnails and waste are left alone: {folders}"] if folders else [])])

    def say(self, where: str) -> None:
        """Print the line on stderr, if there is one; `where` is the argument that was searched."""
        if text := self.text():
            say(f"{where}: {text}")


def _listed(counts: Counter[str], names: Iterable[str]) -> str:
    """`3 .nef, 1 .cr2`, the most first."""
    found = sorted((-counts[name], name) for name in names if counts[name])
    return ", ".join(f"{-number} {name}" for number, name in found)
