"""Which pretext tasks there are, and the flags of each. This file imports no TensorFlow.

A task is a folder in `aesthkeras/pretext/tasks`: `options.py` names a frozen dataclass `OPTIONS`, `task.py` a
class `TASK`. The folders are the registry: a new task needs no change elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Any

from aesthkeras.errors import UsageError
from aesthkeras.pretext import tasks
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.settings import require


@dataclass(frozen=True)
class TaskOptions:
    """The flags of a task; a task without flags of its own has none but these: none."""

    def check(self, recipe: Recipe) -> None:
        """Refuses a recipe that the task cannot train by.

        Raises:
            UsageError: naming the setting.
        """


@dataclass(frozen=True)
class NoOptions(TaskOptions):
    """A task without flags of its own."""


@dataclass(frozen=True)
class LabOptions(TaskOptions):
    """A task without flags of its own that parts lightness from colour, as the encoder `alexnet_lab` does."""

    def check(self, recipe: Recipe) -> None:
        """Refuses an encoder that does the same; raises `UsageError`."""
        fits = recipe.encoder_name != "alexnet_lab"
        require(recipe, "encoder_name", fits, "alexnet or resnet18, since this task sees L or ab only")


def task_names() -> list[str]:
    """The names that `--task` takes: the folders in `pretext/tasks`."""
    return sorted(module.name for module in pkgutil.iter_modules(tasks.__path__) if module.ispkg)


def task_options(name: str) -> type[Any]:
    """The frozen dataclass of a task's own flags (see `aesthkeras.settings.setting`).

    Raises:
        UsageError: there is no such task.
    """
    if name not in task_names():
        raise UsageError(f"task={name}: expected one of {', '.join(task_names())}")
    options: type[Any] = importlib.import_module(f"{tasks.__name__}.{name}.options").OPTIONS
    return options
