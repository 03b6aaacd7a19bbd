"""Which machine this is, as TF_CONFIG says."""

from __future__ import annotations

import json

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.training.machines import is_chief, machine, machines

TWO = {"worker": ["a:1", "b:1"]}


@pytest.mark.parametrize(
    ("config", "number", "place"),
    [
        ("", 1, 0),
        ("{}", 1, 0),
        (json.dumps({"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}), 1, 0),
        (json.dumps({"cluster": TWO, "task": {"type": "worker", "index": 1}}), 2, 1),
        (json.dumps({"cluster": {"chief": ["c:1"], **TWO}, "task": {"type": "worker", "index": 1}}), 3, 2),
        (json.dumps({"cluster": {"chief": ["c:1"], **TWO}, "task": {"type": "chief", "index": 0}}), 3, 0),
    ],
)
def test_the_chief_is_the_first_of_them(monkeypatch, config, number, place):
    monkeypatch.setenv("TF_CONFIG", config)
    assert (machines(), machine(), is_chief()) == (number, place, place == 0)


@pytest.mark.parametrize(
    "config",
    [
        "worker",
        "[]",
        '{"cluster": 3}',
        '{"cluster": {"worker": 3}}',
        '{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}',
        json.dumps({"cluster": TWO}),
        json.dumps({"cluster": TWO, "task": []}),
        json.dumps({"cluster": TWO, "task": {"type": "worker", "index": "first"}}),
        json.dumps({"cluster": TWO, "task": {"type": "worker", "index": 2}}),
        json.dumps({"cluster": TWO, "task": {"type": "chief", "index": 0}}),
        json.dumps({"cluster": {**TWO, "ps": ["p:1"]}, "task": {"type": "ps", "index": 0}}),
    ],
)
def test_what_is_not_as_the_guide_has_it_is_one_line(monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(
        UsageError, match="^TF_CONFIG: expected what TensorFlow's guide says, in JSON [(].+[)]$"
    ):
        machines()
