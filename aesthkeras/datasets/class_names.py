"""Names of classes: which of them are too alike to be two, and in which order they are numbered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from aesthkeras.datasets.listing import quoted
from aesthkeras.errors import UsageError

NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?")


def one_spelling_of(name: str) -> str:
    """What is the same for two spellings of a name: case, blanks, accents, and how a number is written."""
    if NUMBER.fullmatch(name):
        return f"{Decimal(name).normalize() + 0:f}"  # + 0: no minus before a zero
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def require_distinct(names: Iterable[str], where: str) -> None:
    """Refuses two spellings of one class.

    Raises:
        UsageError: two names have one meaning, as `Good` and `good`; `where` is what the message begins with.
    """
    known: dict[str, str] = {}
    for name in sorted(names):
        other = known.setdefault(one_spelling_of(name), name)
        if other != name:
            raise UsageError(
                f"{where}: the classes '{quoted(other)}' and '{quoted(name)}' differ in their spelling only; "
                "expected one spelling for each class"
            )


def in_order(names: Iterable[str]) -> list[str]:
    """Names sorted by value where all are numbers, otherwise by text."""
    listed = list(names)
    if all(NUMBER.fullmatch(name) for name in listed):
        return sorted(listed, key=lambda name: (Decimal(name), name))
    return sorted(listed)
