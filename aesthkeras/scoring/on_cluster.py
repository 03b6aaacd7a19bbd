"""Photos to rows on the machines of a cluster; each worker has a scorer's network of its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from aesthkeras.cluster.workers import Cluster
from aesthkeras.errors import UsageError
from aesthkeras.networks.export import Export
from aesthkeras.scoring.network import ScoringNetwork
from aesthkeras.scoring.rows import Row
from aesthkeras.scoring.scoring import ScoringChoices, score_photos

PHOTOS_OF_A_JOB = 128

# names as bytes, since a name need not be UTF-8 -> rows, and which files the worker did not find
_ScoreNames = Callable[[list[bytes]], tuple[list[Row], list[bytes]]]


@dataclass(frozen=True)
class ScoringOnCluster:
    """Does what `scoring.score_lists` does, on the workers of a cluster.

    Attributes:
        cluster: that this process has joined.
        model: the scorer, as every machine finds it: a path, or a name that comes with the package.
        in_order: whether rows come in the order of the paths, as printed ones must, or as they are done.
    """

    cluster: Cluster
    model: str
    in_order: bool

    def __call__(
        self,
        network: ScoringNetwork,
        lists: Iterable[list[str]],
        choices: ScoringChoices,
    ) -> Iterator[list[Row]]:
        """Yield a row for each path, some hundred rows at a time.

        Raises:
            UsageError: a machine lacks a photo that is here, or has another scorer.
        """
        make = partial(_make_scorer, self.model, network.fingerprint, choices)
        done = self.cluster.spread(make, _jobs(lists), use_gpus=True)
        for rows, missing in _in_order(done) if self.in_order else (result for _, result in done):
            for name in missing:
                if os.path.lexists(name):
                    raise UsageError(
                        f"{os.fsdecode(name)}: a machine of the cluster does not find it; "
                        "expected photos on storage that all machines share"
                    )
            yield rows


def _jobs(lists: Iterable[list[str]]) -> Iterator[list[bytes]]:
    for paths in lists:
        for start in range(0, len(paths), PHOTOS_OF_A_JOB):
            yield [os.fsencode(path) for path in paths[start : start + PHOTOS_OF_A_JOB]]


def _make_scorer(model: str, fingerprint: str, choices: ScoringChoices) -> _ScoreNames:
    """What a worker begins with."""
    network = ScoringNetwork(Export.open(model))
    if network.fingerprint != fingerprint:
        raise UsageError(f"model={model}: {socket.gethostname()} has another scorer of this name")

    def score(names: list[bytes]) -> tuple[list[Row], list[bytes]]:
        paths = [os.fsdecode(name) for name in names]
        rows = [row for some in score_photos(network, paths, choices) for row in some]
        return rows, [os.fsencode(row.path) for row in rows if row.error and not os.path.lexists(row.path)]

    return score


def _in_order(
    done: Iterable[tuple[int, tuple[list[Row], list[bytes]]]],
) -> Iterator[tuple[list[Row], list[bytes]]]:
    """The results of jobs that are numbered from 0, each as soon as all before it are done."""
    waiting: dict[int, tuple[list[Row], list[bytes]]] = {}
    following = 0
    for place, result in done:
        waiting[place] = result
        while following in waiting:
            yield waiting.pop(following)
            following += 1
