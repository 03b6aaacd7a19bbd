"""The best constant answer, by hand."""

from __future__ import annotations

import math

import pytest
import tensorflow as tf

from aesthkeras.monitoring.constant_prediction import ConstantPrediction


def test_entropy_of_what_was_seen():
    metric = ConstantPrediction(4)
    assert float(metric.result()) == 0.0
    metric.update_state(tf.constant([[[1.0, 0, 0, 0], [0.5, 0.5, 0, 0]]]))
    metric.update_state(tf.constant([[[0.5, 0, 0.5, 0], [0, 0, 1.0, 0]]]))
    # Means 1/2, 1/8, 3/8, 0: -(1/2 log 1/2 + 1/8 log 1/8 + 3/8 log 3/8).
    expected = math.log(2) / 2 + math.log(8) / 8 + math.log(8 / 3) * 3 / 8
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_weighted_targets_cost_by_their_weight():
    metric = ConstantPrediction(2)
    # Weights 3, 1 and 0 on three positions: q = (3/4, 1/4), cost (3 log 4/3 + log 4) / 3.
    metric.update_state(tf.constant([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    assert float(metric.result()) == pytest.approx((3 * math.log(4 / 3) + math.log(4)) / 3, rel=1e-6)
