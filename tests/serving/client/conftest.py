"""A tiny exported scorer behind both ports of a stand-in for TF Serving, and a client for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tensorflow as tf

from aesthkeras.serving.client.asking import Limits, PhotoClient
from aesthkeras.serving.client.grpc import GrpcClient
from aesthkeras.serving.client.rest import RestClient
from tests.serving.client.stand_in import StandIn

LIMITS = Limits(photos=4, attempts=3, first_wait=0.001, timeout=60)


@pytest.fixture(scope="session")
def stand_in(scorer_export, loaded_scorer) -> Iterator[StandIn]:
    server = StandIn(scorer_export, "tiny", loaded_scorer)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "localhost")


@pytest.fixture(params=["rest", "grpc"])
def client(request: pytest.FixtureRequest, stand_in: StandIn) -> Iterator[PhotoClient]:
    if request.param == "rest":
        yield RestClient(stand_in.rest, "tiny", limits=LIMITS)
    else:
        client = GrpcClient(stand_in.grpc, "tiny", limits=LIMITS)
        yield client
        client.close()


@pytest.fixture(scope="session")
def good(jpeg) -> bytes:
    return jpeg(120, 200)


@pytest.fixture(scope="session")
def score(loaded_scorer, good: bytes) -> float:
    """What the model says of the good photo when asked without a server."""
    return loaded_scorer.signatures["serving_default"](image_bytes=tf.constant([good]))["score"][0]
