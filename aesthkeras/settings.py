"""Settings as frozen dataclasses: fields that carry their help text, and checks that name the setting."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_type_hints

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
    """Raises `UsageError` naming the setting where a path in it has bytes that are no UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name}={os.fsencode(value)!r}: expected a name in UTF-8") from None


def flag_values(*groups: Any) -> dict[str, str]:
    """Every field of the given settings as flag name -> text, in the order of declaration."""
    return {
        field.name: str(getattr(group, field.name)) for group in groups for field in dataclasses.fields(group)
    }


def from_text(settings: type[Settings], values: Mapping[str, str]) -> Settings:
    """The dataclass `settings` from flag name -> text (`flag_values`); a missing name keeps its default.

    Raises:
        UsageError: a text does not fit its field.
    """
    kinds = get_type_hints(settings)
    given: dict[str, Any] = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        if field.name in values:
            text, kind = values[field.name], kinds[field.name]
            try:
                given[field.name] = {"True": True, "False": False}[text] if kind is bool else kind(text)
            except (KeyError, ValueError):
                raise UsageError(f"{field.name}={text}: expected a value of type {kind.__name__}") from None
    return settings(**given)
