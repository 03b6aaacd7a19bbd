"""`photos.json`: which of the photos that a run began with can be decoded. It holds the run to these photos.

`quarantine.csv` beside it lists the others with their reasons.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.photos.photo_files import refusal_reason
from aesthkeras.photos.quarantine import QUARANTINE, write_quarantine

VERDICT = "photos.json"


@dataclass(frozen=True)
class Verdict:
    """What came of decoding every photo once.

    Attributes:
        good: which photos can be decoded, bool [photos].
        more_formats: whether some of these need Pillow.
    """

    good: np.ndarray
    more_formats: bool


def load_verdict(run_dir: str, fingerprint: str) -> Verdict | None:
    """Return the verdict that a run folder keeps, None where it keeps none yet.

    Args:
        run_dir: the run folder.
        fingerprint: of the photos that were found now.

    Raises:
        UsageError: the verdict is on other photos.
    """
    path = Path(run_dir, VERDICT)
    if not path.exists():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["fingerprint"] != fingerprint:
        raise UsageError(
            f"data_dir: expected the {record['found']} photos that the run in {run_dir} began with; "
            "names or sizes of its photos have changed since"
        )
    good = np.ones(record["found"], bool)
    good[record["quarantined"]] = False
    return Verdict(good, record["more_formats"])


def keep_verdict(run_dir: str, fingerprint: str, verdict: Verdict, paths: Sequence[str]) -> None:
    """Write `quarantine.csv` and then `photos.json`.

    Args:
        run_dir: an existing folder.
        fingerprint: of the photos.
        verdict: on them.
        paths: of the photos that were found, good or not.

    Raises:
        UsageError: no photo is good, which only `quarantine.csv` keeps; or the folder cannot be written.
    """
    refused = np.flatnonzero(~verdict.good)
    try:
        write_quarantine(
            Path(run_dir, QUARANTINE),
            ((paths[index], refusal_reason(paths[index])) for index in refused.tolist()),
        )
        if not verdict.good.any():
            raise UsageError(
                f"data_dir: expected a photo that can be decoded, but of {len(paths)} none can; "
                f"{paths[0]}: {refusal_reason(paths[0])}"
            )
        record = {
            "fingerprint": fingerprint,
            "found": len(paths),
            "more_formats": verdict.more_formats,
            "quarantined": [int(index) for index in refused],
        }
        replace_file(Path(run_dir, VERDICT), json.dumps(record).encode())
    except OSError as error:
        raise UsageError(
            f"run_dir={run_dir}: expected to be able to write: {error.strerror or error}"
        ) from error


def forget_verdict(run_dir: str) -> None:
    """Free the run folder from its photos: it takes others at its next start. `quarantine.csv` stays."""
    Path(run_dir, VERDICT).unlink(missing_ok=True)
