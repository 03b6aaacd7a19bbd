"""Settings as frozen dataclasses: fields that carry their help text, and checks that name the setting."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any, TypeVar

from aesthkeras.errors import UsageError

Settings = TypeVar("Settings")


def setting(default: Any, help_text: str, choices: Sequence[str] | None = None) -> Any:
    """A field of a settings dataclass: its default, its help text, and its choices if it has any."""
    return dataclasses.field(default=default, metadata={"help": help_text, "choices": choices})


def require(settings: Any, name: str, condition: bool, expected: str) -> None:
    """Raises `UsageError` naming the setting, its value and what was expected, unless `condition`."""
    if not condition:
        raise UsageError(f"{name}={getattr(settings, name)}: expected {expected}")


def require_text(name: str, value: str) -> None:
    """Raises `UsageError` naming the setting, if it has a name, where a path in it is no UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        given = f"{name}=" if name else ""
        raise UsageError(f"{given}{os.fsencode(value)!r}: expected a name in UTF-8") from None


def flag_values(*groups: Any) -> dict[str, str]:
    """Every field of the given settings as flag name -> text, in the order of declaration."""
    return {
        field.name: str(getattr(group, field.name)) for group in groups for field in dataclasses.fields(group)
    }
