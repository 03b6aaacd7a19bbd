"""Which pretext tasks there are, and the settings of each. This file imports no TensorFlow.

A task is a folder in `aesthkeras/pretext/tasks`: `options.py` names a frozen dataclass `OPTIONS`, `task.py` a
class `TASK`. The folders are the registry: a new task needs no change elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

from aesthkeras.errors import UsageError
from aesthkeras.pretext import tasks
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.settings import require


@dataclass(frozen=True)
class TaskOptions:
    """The settings of one task; a task without settings of its own uses this class as it is."""

    def check(self, recipe: Recipe) -> None:
        """Refuses a recipe with which the task cannot be trained; raises `UsageError`."""


@dataclass(frozen=True)
class LabOptions(TaskOptions):
    """For tasks that separate lightness from colour, as the encoder `alexnet_lab` itself does."""

    def check(self, recipe: Recipe) -> None:
        """Refuses `alexnet_lab`; raises `UsageError`."""
        fits = recipe.encoder_name != "alexnet_lab"
        require(recipe, "encoder_name", fits, "alexnet or resnet18, since this task sees L or ab only")


def task_names() -> list[str]:
    """The names that `--task` takes: the folders in `pretext/tasks`."""
    return sorted(module.name for module in pkgutil.iter_modules(tasks.__path__) if module.ispkg)


def task_options(name: str) -> type[TaskOptions]:
    """The frozen dataclass of a task's own settings (see `aesthkeras.settings.setting`).

    Raises:
        UsageError: there is no such task.
    """
    if name not in task_names():
        raise UsageError(f"task={name}: expected one of {', '.join(task_names())}")
    options: type[TaskOptions] = importlib.import_module(f"{tasks.__name__}.{name}.options").OPTIONS
    return options
