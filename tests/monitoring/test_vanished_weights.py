"""The warning about an entropy weight that was switched on too early."""

from __future__ import annotations

import keras

from aesthkeras.monitoring.vanished_weights import WarnOfVanishedWeights


def test_vanished_entropy_weights_are_reported_once(capsys):
    weights = keras.metrics.Mean()
    warning = WarnOfVanishedWeights(weights)
    for epoch, mean in enumerate([1.0, 0.09, 0.0005, 0.0]):
        weights.reset_state()
        weights.update_state([2 * mean, 0.0])
        warning.on_epoch_end(epoch)
    printed = capsys.readouterr().err
    assert printed.count("aesthkeras:") == 1
    assert printed.startswith("aesthkeras: epoch 3: the mean entropy weight is 0.0005,")
    assert "entropy_epoch" in printed and "entropy_of" in printed
