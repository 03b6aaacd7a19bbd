"""The bar of tensorflow-addons and that of tqdm behave alike; whichever is not installed is skipped."""

from __future__ import annotations

import importlib
import importlib.util
import time

import keras
import numpy as np
import pytest

from aesthkeras.monitoring import progress_bar

DATA = np.ones((12, 1), np.float32)


@pytest.fixture(params=["AddonsBar", "TqdmBar"])
def kind(request):
    if request.param == "AddonsBar":
        pytest.importorskip("tensorflow_addons")
        return importlib.import_module("aesthkeras.monitoring.addons_bar").AddonsBar
    return importlib.import_module("aesthkeras.monitoring.tqdm_bar").TqdmBar


def train(bar, after_step) -> None:
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    watcher = keras.callbacks.LambdaCallback(on_train_batch_end=after_step)
    model.fit(DATA, DATA, batch_size=1, epochs=3, verbose=0, callbacks=[bar, watcher])


def test_one_name_stands_for_what_is_installed():
    has_addons = importlib.util.find_spec("tensorflow_addons") is not None
    assert progress_bar.ProgressBar.__name__ == ("AddonsBar" if has_addons else "TqdmBar")


def test_a_bar_broken_off_is_closed(kind):
    def stop(*_, **__):
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError), kind() as bar:
        train(bar, stop)
    assert len(bar.bars()) == 2
    assert all(opened.disable for opened in bar.bars())


def test_epochs_and_steps_are_shown_with_numbers_and_the_time_left(kind, capfd):
    with kind() as bar:
        train(bar, lambda *_, **__: None)
    shown = capfd.readouterr().err
    for words in ("3/3", "12/12", "loss", "00:00"):
        assert words in shown, words
    assert "12.0" not in shown
    assert all(opened.disable for opened in bar.bars())


def test_without_a_terminal_it_is_redrawn_about_once_a_second(kind, capfd):
    with kind() as bar:
        train(bar, lambda *_, **__: time.sleep(0.05))
    # three epochs of 0.6 seconds: the lines that begin and end each, and one or two between
    assert capfd.readouterr().err.count("/12") <= 12


def test_a_bar_that_never_ran_is_closed(kind):
    with kind() as bar:
        pass
    assert all(opened.disable for opened in bar.bars())
