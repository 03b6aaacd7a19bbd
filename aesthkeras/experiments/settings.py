"""Settings of a set of experiments: what is pre-trained, on what it is tested, where it runs.

This file imports no TensorFlow.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from aesthkeras.command import flag_file
from aesthkeras.labelled.settings import LabelledRunSettings, listed
from aesthkeras.networks.spec import split_specs
from aesthkeras.settings import require, require_text, setting

CSV_KIND = "csv"
SET_KINDS = next(
    field.metadata["choices"] for field in fields(LabelledRunSettings) if field.name == "dataset"
)
DEVICE = re.compile(r"cpu|gpu:\d+")


class ProbeSet(NamedTuple):
    """A data set to test encoders on: its kind, as `--dataset` of `probe` has it, and its folder."""

    dataset: str
    data_dir: str

    @property
    def name(self) -> str:
        """What run folders call it: its kind, but somebody's own ratings go by their folder's name."""
        return Path(self.data_dir).name if self.dataset == CSV_KIND else self.dataset


@dataclass(frozen=True)
class ExperimentSettings:
    """Which recipes, seeds and data sets, on which devices, and where everything goes."""

    recipes: str = setting(
        "",
        "flag files of pre-training runs, or folders of them, separated by commas; a file names its run",
    )
    photos: str = setting(
        "", "photos or shards that every recipe trains on; empty for what each recipe says itself"
    )
    pretrain_flags: str = setting(
        "", "flags that every pre-training takes besides its recipe, as in '--width=0.5 --epochs=20'"
    )
    seeds: str = setting("0", "training seeds of every recipe, separated by commas")
    untrained: str = setting(
        "",
        "encoder without pre-training to probe beside them, as random:alexnet?width=0.5&crop=131&resize=148; "
        "it takes the same seeds; empty for none",
    )
    calibration_dir: str = setting(
        "",
        "unlabelled photos or shards that set the batch normalisation of the untrained encoder; empty for "
        "--photos, or without these for the sample photos",
    )
    encoders: str = setting(
        "", "encoders that exist already to probe beside them, as `probe` takes them, separated by spaces"
    )
    probe_sets: str = setting(
        "",
        "data sets to probe on, separated by commas: KIND:FOLDER, as in ava:DIR,cuhkpq:DIR, with a kind that "
        "`probe --dataset` takes; without a kind it is csv",
    )
    head: str = setting(
        "linear",
        "what tests an encoder: linear, probes of its blocks (`probe`); nonlinear, a small network on it "
        "(`adapt`)",
        ["linear", "nonlinear"],
    )
    probe_recipe: str = setting("flags/probe.cfg", "flag file of `probe`, or of `adapt`")
    probe_flags: str = setting("", "flags that every `probe` or `adapt` takes besides its recipe")
    devices: str = setting(
        "",
        "what runs side by side, a job on each at a time, separated by commas: gpu:0,gpu:1, or cpu,cpu for "
        "two jobs without a GPU; empty for one job that sees the whole machine",
    )
    run_dir: str = setting("runs/experiments", "folder of all runs and models; sets may share one")
    probe_dir: str = setting(
        "", "folder of the probes' runs; empty for RUN_DIR/probes, of `adapt` for RUN_DIR/adapted"
    )
    out: str = setting("", "folder of the report; empty for RUN_DIR/report")
    reference: str = setting(
        "", "encoder to take differences against; empty takes the untrained one, else the first"
    )
    paper: bool = setting(False, "show the paper's own numbers in the report")

    def __post_init__(self) -> None:
        """Checks what needs no file but the flag files; raises `UsageError` naming the flag."""
        named = bool(listed(self.recipes)) or bool(self.encoders.split())
        require(self, "recipes", named, "flag files, or folders of them")
        require(self, "probe_sets", bool(listed(self.probe_sets)), "data sets, as in ava:DIR")
        require(self, "run_dir", bool(self.run_dir), "a folder")
        for name in ("run_dir", "probe_dir", "out", "probe_sets", "photos"):
            require_text(name, getattr(self, name))
        numbers = listed(self.seeds)
        whole = bool(numbers) and all(number.isdecimal() for number in numbers)
        require(self, "seeds", whole and len(set(numbers)) == len(numbers), "different numbers, as in 0,1")
        require(self, "probe_recipe", flag_file(self.probe_recipe).is_file(), "a flag file")
        known = all(DEVICE.fullmatch(device) for device in listed(self.devices))
        require(self, "devices", known, "gpu:NUMBER or cpu, separated by commas")
        for name in ("pretrain_flags", "probe_flags"):
            require(self, name, _is_quoted_well(getattr(self, name)), "flags as a shell takes them")
        for found, kind in ((self.tested_on, "probe_sets"), (self.known_encoders, "encoders")):
            expected = "different names; they name the folders of the runs"
            require(self, kind, len({name for name, _ in found}) == len(found), expected)

    @property
    def tested_on(self) -> list[tuple[str, ProbeSet]]:
        """The data sets by name, in the order given."""
        sets = []
        for text in listed(self.probe_sets):
            kind, colon, folder = text.partition(":")
            sets.append(ProbeSet(kind, folder) if colon and kind in SET_KINDS else ProbeSet(CSV_KIND, text))
        return [(one.name, one) for one in sets]

    @property
    def known_encoders(self) -> list[tuple[str, str]]:
        """Name and specification of the encoders that exist already; `a+b` for two side by side."""
        texts = self.encoders.split()
        return [("+".join(Path(one.name).name for one in split_specs(text)), text) for text in texts]

    @property
    def calibrated_on(self) -> str:
        """The photos for the batch normalisation of untrained encoders."""
        return self.calibration_dir or self.photos or "samples"

    @property
    def test_folder(self) -> Path:
        """Where the runs of `probe` or `adapt` lie."""
        usual = "probes" if self.head == "linear" else "adapted"
        return Path(self.probe_dir) if self.probe_dir else Path(self.run_dir) / usual


def more_flags(text: str) -> tuple[str, ...]:
    """The flags in a text, taken apart as a shell does."""
    return tuple(shlex.split(text))


def _is_quoted_well(text: str) -> bool:
    try:
        return all(flag.startswith("-") for flag in more_flags(text))
    except ValueError:
        return False
