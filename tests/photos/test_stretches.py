from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from aesthkeras.errors import UsageError
from aesthkeras.photos import stretches
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.slices import PhotoSlices

PHOTOS, SHARDS = 40, 3


@pytest.fixture(scope="module")
def contents():
    """Forty pieces of a real photo as PNGs."""
    files = []
    for number in range(PHOTOS):
        file = io.BytesIO()
        Image.fromarray(data.astronaut()[10 * number :][:72, :64]).save(file, "PNG")
        files.append(file.getvalue())
    return files


@pytest.fixture
def slices(tmp_path, contents, monkeypatch) -> PhotoSlices:
    """Photos k, k + 3, ... lie in shard k, with something between them; some four photos make a stretch."""
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 4 * len(contents[0]))
    shards = [bytearray() for _ in range(SHARDS)]
    offsets = []
    for number, content in enumerate(contents):
        shard = shards[number % SHARDS]
        offsets.append(len(shard) + 12)
        shard += b"between them" + content
    files = [tmp_path / f"{number}.tfrecord" for number in range(SHARDS)]
    for file, shard in zip(files, shards):
        file.write_bytes(shard)
    return PhotoSlices(
        [str(file) for file in files],
        np.array([len(shard) for shard in shards]),
        (np.arange(PHOTOS) % SHARDS).astype(np.int32),
        np.array(offsets),
        np.array([len(content) for content in contents]),
    )


def stream(slices, count, copies=1, buffer=12, seed=0, position=0):
    dataset = stretches.stretch_dataset(slices, copies, buffer, seed, position).take(count)
    return [(int(photo), int(place), bytes(read)) for photo, place, read in dataset.as_numpy_iterator()]


def test_each_epoch_shows_each_photo_as_often_as_asked_with_its_own_bytes(slices, contents):
    found = stream(slices, 4 * PHOTOS, copies=2)
    assert [place for _, place, _ in found] == list(range(4 * PHOTOS))
    assert all(read == contents[photo] for photo, _, read in found)
    order = [photo for photo, _, _ in found]
    for epoch in (order[: 2 * PHOTOS], order[2 * PHOTOS :]):
        assert Counter(epoch) == dict.fromkeys(range(PHOTOS), 2)
    assert order[: 2 * PHOTOS] != order[2 * PHOTOS :]
    assert order != [photo for photo, _, _ in stream(slices, 4 * PHOTOS, copies=2, seed=1)]


@pytest.mark.parametrize("position", [1, 11, 12, 39, 40, 57, 81])
def test_the_stream_goes_on_at_any_position(slices, position):
    assert stream(slices, 20, position=position) == stream(slices, position + 20)[position:]


def test_a_stretch_is_read_at_once_and_shuffled_with_those_of_its_buffer(slices, monkeypatch):
    read = []
    part = stretches._part
    monkeypatch.setattr(stretches, "_part", lambda *where: read.append(where[1:]) or part(*where))
    photos = [photo for photo, _, _ in stream(slices, PHOTOS)]
    stretches_of_an_epoch = len(set(read))  # more may be read ahead
    assert len(set(read[:stretches_of_an_epoch])) == stretches_of_an_epoch < PHOTOS / 2
    # photos of one shard lie 3 apart: neighbours in a stretch stay within a buffer, but not beside each other
    places = {photo: place for place, photo in enumerate(photos)}
    distances = [abs(places[photo] - places[photo + SHARDS]) for photo in range(PHOTOS - SHARDS)]
    assert np.median(distances) < 12 and np.mean(np.array(distances) == 1) < 0.5


def test_parts_of_a_batch_make_up_the_whole(slices):
    photos = PhotoSet([str(number) for number in range(PHOTOS)], 0, "", slices=slices)
    sizes = {"edge": 64, "crop": 48, "batch_size": 8, "first_step": 3, "shuffle_buffer": 12}
    whole = list(patch_dataset(photos, **sizes).take(4).as_numpy_iterator())
    halves = [
        list(patch_dataset(photos, **sizes, part=part, parts=2).take(4).as_numpy_iterator())
        for part in (0, 1)
    ]
    for batch, first, second in zip(whole, *halves):
        for key in ("patches", "photo"):
            np.testing.assert_array_equal(batch[key], np.concatenate([first[key], second[key]]))


def test_a_shard_of_another_size_is_named(slices):
    with open(slices.files[1], "ab") as shard:
        shard.write(b"more")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"1\.tfrecord: expected \d+ bytes, found \d+"):
        stream(slices, PHOTOS)


def test_a_buffer_needs_shards_without_a_cache():
    photos = PhotoSet(["a.jpg"], 0, "")
    with pytest.raises(UsageError, match="shuffle_buffer=10: expected shards, read without a cache; or 0"):
        patch_dataset(photos, edge=64, crop=48, shuffle_buffer=10)
