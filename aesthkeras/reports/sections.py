"""Which probe runs are compared with each other: one section per data set, probed in one way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aesthkeras.errors import UsageError
from aesthkeras.reports.probe_runs import ProbeRun

# What must be the same for two accuracies to stand in one column.
ALIKE = {
    "dataset_fingerprint": "photos or labels (fingerprint)",
    "protocol": "protocol",
    "solver": "solver",
    "settings": "settings of the solver",
    "pooling": "pooling",
}


@dataclass(frozen=True)
class Section:
    """Runs that may be compared: `runs` is encoder's shown name -> run, in the order given."""

    title: str
    slug: str
    runs: Mapping[str, ProbeRun]

    @property
    def first(self) -> ProbeRun:
        """One of the runs, for what is the same in all."""
        return next(iter(self.runs.values()))

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that some run probed, in the order of the runs and each run's own order."""
        layers: list[str] = []
        for run in self.runs.values():
            for place, layer in enumerate(run.layers):
                if layer not in layers:
                    known_after = (layers.index(later) for later in run.layers[place:] if later in layers)
                    layers.insert(next(known_after, len(layers)), layer)
        return tuple(layers)

    def comparable_layers(self, run: ProbeRun) -> tuple[str, ...]:
        """The layers of this run and of all runs that share some with it, directly or through others.

        Encoders with blocks of other names have averages of their own: a run has an average over layers if it
        was probed at every one of these.
        """
        names = set(run.layers)
        while True:
            related = [set(other.layers) for other in self.runs.values() if names & set(other.layers)]
            wider = names.union(*related)
            if wider == names:
                return tuple(layer for layer in self.layers if layer in names)
            names = wider

    @property
    def fractions(self) -> tuple[float, ...]:
        """The label fractions that some run probed, ascending."""
        return tuple(sorted({fraction for run in self.runs.values() for fraction in run.fractions}))


def sections_of(runs: Sequence[ProbeRun]) -> tuple[list[Section], list[str]]:
    """Sorts runs into sections, in the order of their first run.

    Returns:
        The sections, and a sentence for each data set whose runs are in several sections.

    Raises:
        UsageError: two runs hold the same encoder on the same data set in the same way.
    """
    names, notes = _shown_names(runs)
    groups: dict[tuple[str, ...], dict[str, ProbeRun]] = {}
    for run in runs:
        group = groups.setdefault((run.dataset, *_likeness(run)), {})
        name = names[run.encoder, run.encoder_fingerprint]
        if name in group:
            raise UsageError(
                f"{run.folder}: expected each encoder once per data set; {group[name].folder} also holds "
                f"{name} on {run.dataset}"
            )
        group[name] = run
    sections: list[Section] = []
    for (dataset, *_), group in groups.items():
        others = [key for key in groups if key[0] == dataset]
        what = _what_differs(next(iter(group.values())), others)
        title = f"{dataset} ({what})" if what else dataset
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "data"
        taken = sum(slug == section.slug.partition("--")[0] for section in sections)
        sections.append(Section(title, f"{slug}--{taken + 1}" if taken else slug, group))
    return sections, notes + _apart(groups)


def _likeness(run: ProbeRun) -> tuple[str, ...]:
    return tuple(getattr(run, name) for name in ALIKE)


def _values(keys: Sequence[tuple[str, ...]], *names: str) -> list[tuple[str, ...]]:
    """What the keys hold of some of `ALIKE`, each once."""
    places = [1 + list(ALIKE).index(name) for name in names]
    return list(dict.fromkeys(tuple(key[place] for place in places) for key in keys))


def _differing(keys: Sequence[tuple[str, ...]]) -> list[str]:
    names = [name for name in ALIKE if len(_values(keys, name)) > 1]
    if len(_values(keys, "solver", "settings")) == len(_values(keys, "solver")):
        return [name for name in names if name != "settings"]  # other solvers have other settings
    return names


def _what_differs(run: ProbeRun, keys: Sequence[tuple[str, ...]]) -> str:
    """How this section differs from others of the same data set, in a few words: `lbfgs`, `settings 2`."""
    words = []
    for name in _differing(keys):
        value = getattr(run, name)
        if name in ("protocol", "settings"):  # too long for a title
            words.append(f"{name} {_values(keys, name).index((value,)) + 1}")
        else:
            words.append(f"photos {value[:8]}" if name == "dataset_fingerprint" else value)
    return ", ".join(words)


def _apart(groups: Mapping[tuple[str, ...], Mapping[str, ProbeRun]]) -> list[str]:
    notes = []
    for dataset in dict.fromkeys(key[0] for key in groups):
        keys = [key for key in groups if key[0] == dataset]
        if len(keys) > 1:
            what = " and ".join(ALIKE[name] for name in _differing(keys))
            notes.append(
                f"{dataset} is shown {len(keys)} times: its runs differ in {what}, so their numbers are not "
                "compared with each other."
            )
    return notes


def _shown_names(runs: Sequence[ProbeRun]) -> tuple[dict[tuple[str, str], str], list[str]]:
    """(name, fingerprint) -> shown name; fingerprints distinguish encoders that share a name."""
    fingerprints: dict[str, list[str]] = {}
    for run in runs:
        known = fingerprints.setdefault(run.encoder, [])
        if run.encoder_fingerprint not in known:
            known.append(run.encoder_fingerprint)
    names = {
        (name, fingerprint): name if len(known) == 1 else f"{name} ({fingerprint[:8]})"
        for name, known in fingerprints.items()
        for fingerprint in known
    }
    notes = [
        f"{len(known)} different encoders are called {name}; their fingerprints tell them apart."
        for name, known in fingerprints.items()
        if len(known) > 1
    ]
    return names, notes
