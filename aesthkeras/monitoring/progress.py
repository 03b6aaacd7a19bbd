"""What a run tells the person at the terminal."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Prints one line on stderr; standard output stays free for data."""
    print(f"aesthkeras: {line}", file=sys.stderr, flush=True)
