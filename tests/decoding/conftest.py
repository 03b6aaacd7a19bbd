from __future__ import annotations

import pytest

from tests.decoding.core import graph


@pytest.fixture(scope="module", autouse=True)
def _graph_is_let_go():
    yield
    graph.cache_clear()
