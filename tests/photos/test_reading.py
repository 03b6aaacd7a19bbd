"""Decoding in parallel: what comes out, in which order, how far ahead, and on which device."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from PIL import Image

from aesthkeras.machine import usable_cores
from aesthkeras.photos import reading
from aesthkeras.photos.reading import decode_files


def shape_and_size(photo: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, ...]:
    return tf.shape(photo), tf.strings.length(contents)


def write_photos(folder, count: int) -> list[str]:
    """PNG files, each a pixel wider than the one before."""
    paths = [str(folder / f"{number}.png") for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", (20 + number, 20)).save(path)
    return paths


def test_the_chosen_come_in_their_order_and_the_broken_not_at_all(tmp_path):
    paths = write_photos(tmp_path, 40)
    (tmp_path / "7.png").write_text("text")
    paths[9] = str(tmp_path / "nowhere.png")
    chosen = np.array([*range(39, 4, -1), 3])
    found = list(decode_files(paths, chosen, shape_and_size))
    assert [index for index, *_ in found] == [*range(39, 9, -1), 8, 6, 5, 3]
    for index, shape, size in found:
        assert shape.tolist() == [20, 20 + index, 3]
        assert size == (tmp_path / f"{index}.png").stat().st_size


def test_who_leaves_early_has_read_few(tmp_path, monkeypatch):
    paths, read = write_photos(tmp_path, 2) * 200, []
    decoder = reading._file_decoder(shape_and_size, False, True, False)

    def watched(path: tf.Tensor) -> list[tf.Tensor]:
        read.append(path)
        return decoder(path)

    monkeypatch.setattr(reading, "_file_decoder", lambda *_: watched)
    photos = decode_files(paths, range(400), shape_and_size)
    assert next(photos)[0] == 0
    photos.close()
    assert 1 <= len(read) <= 2 * usable_cores() * (reading._AHEAD + 1) + 2


def test_nothing_of_it_is_for_a_gpu():
    """As the graph says it: no GPU is needed to see that."""
    graph = reading._file_decoder(shape_and_size, False, True, False).graph
    computing = {op for op in graph.get_operations() if op.type not in ("Placeholder", "Identity", "NoOp")}
    assert computing and {op.device for op in computing} == {"/device:CPU:0"}
