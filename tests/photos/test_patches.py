from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import stats

from aesthkeras.errors import UsageError
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.patches import crop_at, patch_dataset, steps_per_epoch, unreadable_photo
from aesthkeras.photos.views import resize_shorter_edge

EDGE, CROP, BATCH = 64, 48, 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photos):
    folder = tmp_path_factory.mktemp("photos")
    for name, photo in enumerate(photos):
        photo.save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def sets(folder, tmp_path_factory):
    """The same photos without and with a cache."""
    paths = sorted(str(path) for path in folder.iterdir())

    def photo_set(cache):
        run_dir = str(tmp_path_factory.mktemp("run"))
        return inspect_photos(paths, run_dir, edge=EDGE, cache=cache, progress=False)

    return {cache: photo_set(cache) for cache in ("none", "memory", "disk")}


def batches(photos, steps, **options):
    arguments = {"edge": EDGE, "crop": CROP, "batch_size": BATCH, "seed": 7, **options}
    return list(patch_dataset(photos, **arguments).take(steps).as_numpy_iterator())


def assert_equal(some, others):
    assert len(some) == len(others)
    for one, other in zip(some, others):
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])


def test_shapes_and_types(sets):
    spec = patch_dataset(sets["none"], edge=EDGE, crop=CROP, batch_size=BATCH).element_spec
    assert spec == {
        "patches": tf.TensorSpec([BATCH, CROP, CROP, 3], tf.uint8),
        "photo": tf.TensorSpec([BATCH], tf.int64),
        "seed": tf.TensorSpec([2], tf.int32),
    }


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_cache_changes_no_pixel(cache, sets):
    assert_equal(batches(sets["none"], 12), batches(sets[cache], 12))


@pytest.mark.parametrize("cache", ["none", "disk"])
@pytest.mark.parametrize(
    "first_step", [7, *(pytest.param(step, marks=pytest.mark.long) for step in (1, 3, 12))]
)
def test_resumed_stream_is_the_rest_of_the_whole_one(cache, first_step, sets):
    """13 steps of 4 patches are 3.5 epochs of 5 photos and 3 crops: steps lie across epochs."""
    whole = batches(sets[cache], 13, crops_per_photo=3, parallel_calls=4)
    rest = batches(sets[cache], 13 - first_step, crops_per_photo=3, parallel_calls=2, first_step=first_step)
    assert_equal(whole[first_step:], rest)


def test_seed_decides(sets):
    assert_equal(batches(sets["disk"], 3), batches(sets["disk"], 3))
    some, other = batches(sets["disk"], 3), batches(sets["disk"], 3, seed=8)
    assert not np.array_equal(some[0]["patches"], other[0]["patches"])
    assert len({tuple(batch["seed"]) for batch in some + other}) == 6


def test_stream_goes_on_far_beyond_32_bits(sets):
    assert len(batches(sets["disk"], 2, first_step=2**33)) == 2


@pytest.mark.parametrize("crops_per_photo", [1, 3])
def test_epoch_shows_each_photo_the_same_number_of_times(crops_per_photo, sets):
    photo = np.concatenate(
        [batch["photo"] for batch in batches(sets["disk"], 60, crops_per_photo=crops_per_photo)]
    )
    epochs = photo[: len(photo) // (5 * crops_per_photo) * 5 * crops_per_photo].reshape(
        -1, 5 * crops_per_photo
    )
    for epoch in epochs:
        assert np.bincount(epoch).tolist() == [crops_per_photo] * 5
    assert len({tuple(epoch) for epoch in epochs}) > len(epochs) // 2  # each epoch in an order of its own


def test_patch_is_cut_from_the_photo_that_it_names(sets):
    for batch in batches(sets["none"], 5):
        for patch, index in zip(batch["patches"], batch["photo"]):
            photo = resize_shorter_edge(np.asarray(Image.open(sets["none"].paths[index])), EDGE).numpy()
            windows = np.lib.stride_tricks.sliding_window_view(photo, (CROP, CROP), axis=(0, 1))
            both = np.stack([patch, patch[:, ::-1]]).transpose(0, 3, 1, 2)
            assert any((windows == one).all(axis=(2, 3, 4)).any() for one in both)


def test_places_are_uniform_and_half_are_mirrored(tmp_path):
    """A photo whose red is its column and whose green is its row tells where a patch was cut."""
    rows, columns = np.indices((64, 80))
    Image.fromarray(np.stack([columns, rows, 0 * rows], axis=-1).astype(np.uint8)).save(tmp_path / "map.png")
    photos = inspect_photos(
        [str(tmp_path / "map.png")], str(tmp_path), edge=64, cache="memory", progress=False
    )
    patches = np.concatenate([batch["patches"] for batch in batches(photos, 60, crop=60, batch_size=50)])
    mirrored = patches[:, 0, 0, 0] > patches[:, 0, -1, 0]
    top, left = patches[:, 0, 0, 1], patches[:, 0, :, 0].min(axis=1)
    assert stats.binomtest(int(mirrored.sum()), len(patches)).pvalue > 0.001
    assert stats.chisquare(np.bincount(top, minlength=5)).pvalue > 0.001
    assert stats.chisquare(np.bincount(left, minlength=21)).pvalue > 0.001
    table = np.histogram2d(top, left, bins=[5, 21])[0]
    assert stats.chi2_contingency(table).pvalue > 0.001  # one says nothing about the other
    assert stats.chi2_contingency([np.bincount(left[mirrored == side]) for side in (0, 1)]).pvalue > 0.001


@pytest.mark.parametrize("chance", [0.0, 0.5, np.nextafter(np.float32(1), np.float32(0))])
@pytest.mark.parametrize("edge", [48, 49, 30_001])
def test_corners_stay_inside(chance, edge):
    corner = crop_at(tf.constant([edge, edge]), 48, tf.constant([chance, chance], tf.float32))
    assert all(0 <= int(place) <= edge - 48 for place in corner)
    if chance > 0.9:
        assert int(corner[0]) == edge - 48


def test_crop_of_the_whole_edge_works(sets):
    assert batches(sets["disk"], 1, crop=EDGE)[0]["patches"].shape == (BATCH, EDGE, EDGE, 3)


def test_wrong_sizes_are_refused_with_the_flags_names(sets):
    with pytest.raises(UsageError, match="^crop=65: expected at most resize=64"):
        batches(sets["none"], 1, crop=65)
    with pytest.raises(UsageError, match="^resize=128: expected 64"):
        batches(sets["memory"], 1, edge=128)


@pytest.mark.parametrize(
    ("photo_count", "batch", "crops", "steps"),
    [(128, 64, 1, 2), (129, 64, 1, 3), (5, 64, 1, 1), (5, 64, 100, 8)],
)
def test_steps_per_epoch(photo_count, batch, crops, steps):
    assert steps_per_epoch(photo_count, batch, crops) == steps


@pytest.mark.parametrize("damage", ["text", "gone"])
def test_photo_that_breaks_during_the_run_is_one_line(damage, photos, tmp_path):
    path = tmp_path / "a [b].png"
    photos[0].save(path)
    found = inspect_photos([str(path)], str(tmp_path), progress=False)
    path.write_text("text") if damage == "text" else path.unlink()
    with pytest.raises(tf.errors.OpError) as caught:
        batches(found, 1)
    message = str(unreadable_photo(caught.value))
    assert message.startswith("data_dir: expected photos not to change") and str(path) in message
    assert "\n" not in message and "{{" not in message
