"""What is known about the licence of photos. It is kept with the weights that are trained on them."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Any

from aesthkeras import storage
from aesthkeras.errors import UsageError
from aesthkeras.photos.sources import SAMPLES

# Names of the file that states whose photos these are, without suffix; upper and lower case are the same.
NOTE_FILES = ("license", "licence", "copyright", "notice", "readme")
NOTE_SUFFIXES = ("", ".txt", ".md")
LONGEST = 20_000  # characters
SAMPLE_NOTES = (
    "Sample photos that scikit-image and scikit-learn install; these packages state the licence of each."
)


def find_notes(data_dir: str, data_notes: str = "") -> str:
    """Return what `data_notes` says, or else the notes that lie beside the photos.

    Args:
        data_dir: folder of photos, shards or a data set's root, here or on a store; or `samples`.
        data_notes: a text, or the path of a text file.

    Returns:
        The text; where `data_dir` holds several of LICENSE, COPYRIGHT, NOTICE and README (also .txt and .md),
        one after the other. Empty where nothing is said.

    Raises:
        UsageError: the file is no text, or longer than 20,000 characters.
    """
    if data_notes:
        return _text(data_notes, "data_notes") if os.path.isfile(data_notes) else data_notes
    if data_dir == SAMPLES:
        return SAMPLE_NOTES
    paths = [f"{data_dir.rstrip('/')}/{name}" for name in _note_files(data_dir)]
    return "\n\n".join(_text(path, "data_dir") for path in paths)


def recorded_notes(record: Mapping[str, Any]) -> str:
    """Return the notes that a run.json keeps under `data`: on its photos, and on those of its encoder."""
    data = record.get("data", {})
    return "\n\n".join(data[name] for name in ("notes", "encoder_notes") if data.get(name))


def _note_files(data_dir: str) -> list[str]:
    if storage.is_remote(data_dir):
        names = next((files for _, _, files in storage.walk(data_dir)), [])
    else:
        names = [entry.name for entry in os.scandir(data_dir) if entry.is_file()]
    ranks = {
        stem + suffix: (rank, suffix) for rank, stem in enumerate(NOTE_FILES) for suffix in NOTE_SUFFIXES
    }
    found = [name for name in names if name.lower() in ranks]
    return sorted(found, key=lambda name: (ranks[name.lower()], name))


def _text(path: str, argument: str) -> str:
    try:
        with storage.read_text(path) as file:
            text = file.read(LONGEST + 1).strip()
        text.encode()
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        raise UsageError(f"{argument}: {path} cannot be read ({reason})") from error
    except UnicodeEncodeError:
        raise UsageError(
            f"{argument}: expected {path} to be UTF-8 text; data_notes may state it instead"
        ) from None
    if len(text) > LONGEST:
        raise UsageError(
            f"{argument}: expected at most {LONGEST} characters in {path}; data_notes may state it in fewer"
        )
    return text
