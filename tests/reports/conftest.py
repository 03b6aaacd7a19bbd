"""Probe runs on two data sets, for reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.probe_runs import rising_scores


@pytest.fixture(scope="session")
def folders(probe_run_in: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A random encoder and two others on OASIS, two of them on AADB."""
    root = tmp_path_factory.mktemp("runs")
    untrained = "random:alexnet?seed=0"
    flags = "--dataset=csv\n--data_dir=my photos\n"
    return [
        probe_run_in(root, "pretext", rising_scores(0.70), photos=200, flags=flags),
        probe_run_in(root, "loser", rising_scores(0.40), photos=200),
        probe_run_in(root, "plain", rising_scores(0.55), photos=200, spec=untrained),
        probe_run_in(root, "pretext", rising_scores(0.60), "AADB", photos=200),
        probe_run_in(root, "plain", rising_scores(0.60), "AADB", photos=200, spec=untrained),
    ]
