"""Throughput counts what it says; pictures are the size and the colours they should be."""

from __future__ import annotations

import types

import keras
import numpy as np
import pytest

from aesthkeras.monitoring import callbacks, pictures


def test_throughput_leaves_the_first_step_out(monkeypatch):
    clock = iter([100.0, 104.0])  # end of the first step, end of the epoch
    monkeypatch.setattr(callbacks, "time", types.SimpleNamespace(perf_counter=lambda: next(clock)))
    waited = keras.metrics.Sum()
    throughput = callbacks.Throughput(images_per_step=10, input_wait=waited)
    throughput.on_epoch_begin(0)
    for step, seconds in enumerate([7.0, 0.125, 0.125, 0.25, 0.0]):
        waited.update_state(seconds)
        throughput.on_train_batch_end(step)
    logs: dict[str, float] = {}
    throughput.on_epoch_end(0, logs)
    # The wait of the first step, 7 s, is left out.
    assert logs == {"images_per_second": pytest.approx(4 * 10 / 4.0), "input_wait": pytest.approx(0.5 / 4.0)}


def test_throughput_counts_steps_where_keras_executes_several_at_once(monkeypatch):
    clock = iter([100.0, 102.0])
    monkeypatch.setattr(callbacks, "time", types.SimpleNamespace(perf_counter=lambda: next(clock)))
    throughput = callbacks.Throughput(images_per_step=10, input_wait=keras.metrics.Sum())
    throughput.on_epoch_begin(0)
    for last_of_three in (2, 5, 8):
        throughput.on_train_batch_end(last_of_three)
    logs: dict[str, float] = {}
    throughput.on_epoch_end(0, logs)
    assert logs["images_per_second"] == pytest.approx(6 * 10 / 2.0)


def test_an_epoch_of_one_step_has_no_throughput():
    throughput = callbacks.Throughput(10, keras.metrics.Sum())
    throughput.on_epoch_begin(0)
    throughput.on_train_batch_end(0)
    logs: dict[str, float] = {}
    throughput.on_epoch_end(0, logs)
    assert logs == {}


def test_the_epoch_log_counts_from_one_and_holds_plain_numbers():
    lines = []
    log = callbacks.EpochLog(lines.append, images_per_step=14)
    log.set_model(types.SimpleNamespace(step=12))
    log.on_epoch_end(2, {"loss": np.float32(0.5)})
    assert lines == [{"epoch": 3, "step": 12, "images_seen": 168, "loss": 0.5}]
    assert type(lines[0]["loss"]) is float


def test_the_view_sheet_marks_wrong_predictions_red_and_right_ones_green():
    views = np.full((1, 2, 40, 40, 3), 255, np.uint8)
    sheet = pictures.view_sheet(views, np.array([[0, 1]]), np.array([[0, 0]]), ["none", "blur"]).astype(int)
    assert sheet.ndim == 3
    assert sheet.shape[2] == 3

    def has(color: str, half: np.ndarray) -> bool:
        red, green, blue = half[..., 0], half[..., 1], half[..., 2]
        match = (red > 150) & (green < 60) if color == "red" else (green > 80) & (red < 60) & (blue < 60)
        return bool(match.any())

    left, right = np.split(sheet, [sheet.shape[1] // 2], axis=1)
    assert has("green", left)
    assert not has("red", left)
    assert has("red", right)
    assert not has("green", right)


def test_the_confusion_picture_is_dark_where_the_counts_are():
    diagonal = pictures.confusion_matrix(np.diag([5, 5]), ["a", "b"]).astype(int).sum(axis=2)
    anti = pictures.confusion_matrix(np.diag([5, 5])[::-1], ["a", "b"]).astype(int).sum(axis=2)
    # The upper left quarter of the matrix is dark in the first picture and light in the second.
    height, width = diagonal.shape
    probe = (slice(height // 6, height // 4), slice(width // 5, width // 4))
    assert diagonal[probe].mean() < anti[probe].mean() - 100
