"""What a run tells the person at the terminal."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Prints one line on stderr; standard output stays free for data."""
    print(f"aesthkeras: {line}", file=sys.stderr, flush=True)


def counted(number: int, noun: str) -> str:
    """`1 photo`, `2 photos`, `1,000 photos`: a number and its noun, which takes an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
