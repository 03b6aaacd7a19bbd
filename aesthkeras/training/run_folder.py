"""The run folder: what a run was asked for, on what machine and data, and what came out, epoch by epoch."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

from aesthkeras import __version__
from aesthkeras.errors import UsageError, first_line
from aesthkeras.files import folder_name, lock_folder, replace_file
from aesthkeras.machine import usable_cores
from aesthkeras.monitoring.progress import say
from aesthkeras.settings import require_text

LOCK_SECONDS = 10  # a killed process may take as long to end
PACKAGES = ("tensorflow", "keras", "tensorflow-addons", "tensorflow-io", "numpy", "pillow")


class RunFolder:
    """`runs/NAME/`: flags.cfg, {run,task}.json, metrics.jsonl, quarantine.csv, checkpoints/, tensorboard/.

    Args:
        path: the folder; made if it does not exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.flags = self.path / "flags.cfg"
        self.record = self.path / "run.json"
        self.metrics = self.path / "metrics.jsonl"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self.quarantine = self.path / "quarantine.csv"
        self.task_facts = self.path / "task.json"
        self._lock: TextIO | None = None

    def claim(self, flags: Mapping[str, str], recipe: set[str]) -> None:
        """Makes the folder this run's own, or finds that it already is.

        Args:
            flags: every flag with its value; written to flags.cfg, which replays the run.
            recipe: the names that decide the result; a folder made with other values is refused.

        Raises:
            UsageError: the folder cannot be written, is in use, or holds a run of another recipe or another
                Keras; or a flag is no UTF-8.
        """
        for name, value in flags.items():
            require_text(name, value)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._refuse_other_recipe(flags, recipe)
            self.refuse_other_keras("run_dir")
            lines = "".join(f"--{name}={value}\n" for name, value in flags.items())
            replace_file(self.flags, lines.encode())
        except BlockingIOError:
            raise UsageError(f"run_dir={self.path}: another process is training in this folder") from None
        except OSError as error:
            raise UsageError(
                f"run_dir={self.path}: expected a folder to write to ({error.strerror})"
            ) from error

    def _take_lock(self) -> None:
        self._lock = lock_folder(self.path, LOCK_SECONDS)
        if self._lock is None:
            say(f"{self.path}: this file system has no locks; start no second training there")

    def _refuse_other_recipe(self, flags: Mapping[str, str], recipe: set[str]) -> None:
        earlier = self.read_flags()
        differing = [
            f"--{name} was {earlier[name]}, now {flags[name]}"
            for name in flags
            if name in recipe and name in earlier and earlier[name] != flags[name]
        ]
        if differing:
            raise UsageError(
                f"run_dir={self.path} holds a run of another recipe: {'; '.join(differing)}; "
                "give the same flags or another run_dir"
            )
        unknown = sorted(earlier.keys() - flags.keys())
        if unknown:
            raise UsageError(
                f"run_dir={self.path} holds a run of another command, or of another version: it knows "
                f"--{unknown[0]}; give another run_dir"
            )

    def refuse_other_keras(self, argument: str) -> None:
        """Checkpoints of Keras 2 and Keras 3 name their values differently; exports are for both.

        Args:
            argument: what the error calls the folder.

        Raises:
            UsageError: the other Keras has made the folder.
        """
        wrote, reads = self.read_record().get("versions", {}).get("keras", ""), _version("keras")
        if wrote and wrote.split(".")[0] != reads.split(".")[0]:
            raise UsageError(
                f"{argument}={self.path}: expected a run of this Keras, {reads}; it is one of Keras {wrote}, "
                "whose checkpoints only that can read: export the run there and take the SavedModel"
            )

    def read_flags(self) -> dict[str, str]:
        """What flags.cfg says, flag name -> text; empty if there is none yet."""
        if not self.flags.exists():
            return {}
        pairs = (
            line[2:].partition("=") for line in self.flags.read_text().splitlines() if line.startswith("--")
        )
        return {name: value for name, _, value in pairs}

    def has_checkpoint(self) -> bool:
        """Whether training would go on from one; TensorFlow names the newest in a file of this name."""
        return (self.checkpoints / "checkpoint").exists()

    def read_record(self) -> dict[str, Any]:
        """What run.json says; empty if there is none yet."""
        return self._facts(self.record)

    def update_record(self, **facts: Any) -> None:
        """Adds facts to run.json (versions, machine, data fingerprint, results)."""
        text = json.dumps({**self.read_record(), **facts}, indent=2) + "\n"
        replace_file(self.record, text.encode())

    def exported_to(self, out: Path) -> Path | None:
        """The version under `out` that the finished run has exported; None where there is none."""
        exported = Path(self.read_record().get("exported", ""))
        is_there = exported.is_dir() and exported.parent.resolve() == out.resolve()
        return exported if exported.name and is_there else None

    def read_task_facts(self) -> dict[str, Any]:
        """What the task learnt of the photos before training; empty if there is nothing yet."""
        return self._facts(self.task_facts)

    def write_task_facts(self, facts: Mapping[str, Any]) -> None:
        """Keeps what the task learnt of the photos, for the run that goes on and for the export."""
        replace_file(self.task_facts, json.dumps(dict(facts)).encode())

    def _facts(self, file: Path) -> dict[str, Any]:
        if not file.exists():
            return {}
        try:
            facts = json.loads(file.read_text())
            if not isinstance(facts, dict):
                raise ValueError(f"it holds a {type(facts).__name__}")
        except ValueError as error:
            raise UsageError(
                f"run_dir={self.path}: expected {file.name} as the run wrote it ({first_line(error)})"
            ) from error
        return facts

    def history(self) -> list[dict[str, Any]]:
        """The epochs in metrics.jsonl; a last line that a kill cut short is left out."""
        epochs = []
        if self.metrics.exists():
            for line in self.metrics.read_text().splitlines():
                try:
                    epochs.append(json.loads(line))
                except json.JSONDecodeError:
                    break
        return epochs

    def rewind(self, epochs: int) -> None:
        """Keeps the first `epochs` lines of metrics.jsonl (a checkpoint may be older than the log)."""
        if self.metrics.exists():
            kept = self.history()[:epochs]
            replace_file(self.metrics, "".join(json.dumps(logs) + "\n" for logs in kept).encode())

    def append_metrics(self, logs: Mapping[str, Any]) -> None:
        """Adds one line to metrics.jsonl."""
        with open(self.metrics, "a", encoding="utf-8") as file:
            file.write(json.dumps(dict(logs)) + "\n")


def default_saved_model(run_dir: str) -> Path:
    """Where a run exports to if it is not told: a folder of its own name in `savedmodels`."""
    return Path("savedmodels") / folder_name(run_dir)


def machine_facts() -> dict[str, Any]:
    """Versions, commit and machine of this run, for run.json."""
    versions = {name: _version(name) for name in PACKAGES}
    return {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        # that of the code that runs: what pip has on record may be older
        "versions": {"python": platform.python_version(), "aesthkeras": __version__, **versions},
        "commit": _commit(),
        "machine": {"cpu": _cpu(), "cores": usable_cores(), "system": platform.platform()},
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
