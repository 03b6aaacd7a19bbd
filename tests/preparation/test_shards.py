from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from aesthkeras.errors import UsageError
from aesthkeras.photos.shard_index import find_index

WANTED = {
    "id": tf.io.FixedLenFeature([], tf.string),
    "image": tf.io.FixedLenFeature([], tf.string),
    "split": tf.io.FixedLenFeature([], tf.string),
    "group": tf.io.FixedLenFeature([], tf.string),
    "score": tf.io.FixedLenFeature([], tf.float32, -1.0),
    "label": tf.io.FixedLenFeature([], tf.int64, -1),
    "counts": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
    "height": tf.io.FixedLenFeature([], tf.int64),
    "width": tf.io.FixedLenFeature([], tf.int64),
}


def examples(folder: Path) -> dict[str, dict]:
    """Every example by id, read by plain tf.data."""
    files = sorted(str(path) for path in folder.glob("*.tfrecord"))
    stream = tf.data.TFRecordDataset(files).map(lambda one: tf.io.parse_single_example(one, WANTED))
    return {example["id"].decode(): example for example in stream.as_numpy_iterator()}


def shown(path: str) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def test_examples_hold_what_the_records_say(prepared, data_set):
    found = examples(prepared)
    records = {record.id: record for record in data_set.records if record.id not in ("cut.jpg", "text.jpg")}
    assert set(found) == set(records)
    for name, record in records.items():
        example = found[name]
        assert example["split"].decode() == record.split
        assert example["group"].decode() == record.group
        assert example["score"] == (-1 if record.score is None else record.score)
        assert example["label"] == (-1 if record.label is None else record.label)
        assert tuple(example["counts"]) == record.counts


def test_resized_photos_show_what_pillow_makes_of_the_files(prepared, data_set):
    found = examples(prepared)
    for record in data_set.records:
        if record.id not in found:
            continue
        example, photo = found[record.id], shown(record.path)
        scale = 64 / min(photo.size)
        size = (round(photo.width * scale), round(photo.height * scale))
        assert (example["width"], example["height"]) == size
        stored = Image.open(io.BytesIO(example["image"]))
        assert (stored.format, stored.size) == ("JPEG", size)
        method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
        encoded = io.BytesIO()
        photo.resize(size, method).save(encoded, "JPEG", quality=95)
        difference = np.abs(np.asarray(stored).astype(int) - np.asarray(Image.open(encoded)))
        assert difference.mean() < 1.5, record.id


def test_kept_files_are_the_very_bytes_and_their_size_is_that_of_the_upright_photo(kept, data_set):
    found = examples(kept)
    for record in data_set.records:
        if record.id in found:
            assert found[record.id]["image"] == Path(record.path).read_bytes()
            assert (found[record.id]["width"], found[record.id]["height"]) == shown(record.path).size


@pytest.mark.parametrize("which", ["prepared", "kept"])
def test_index_and_entries_agree_with_the_files(which, request):
    folder = request.getfixturevalue(which)
    index = find_index(str(folder))
    assert [shard.file for shard in index.shards] == sorted(path.name for path in folder.glob("*.tfrecord"))
    assert index.classes == ("low", "high") and index.score_range == (1.0, 7.0)
    assert sum(shard.photos for shard in index.shards) == 8
    found = examples(folder)
    for shard in index.shards:
        content = (folder / shard.file).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (shard.bytes, shard.sha256)
        columns = index.entry(shard).columns
        assert len(columns.id) == shard.photos
        for name, offset, length in zip(columns.id, columns.offset, columns.length):
            assert content[offset : offset + length] == found[name]["image"]


def test_the_example_of_the_docstring_reads_the_shards(prepared):
    from aesthkeras.preparation import shards

    lines = shards.__doc__.split("reads them:\n\n")[1].split("\n\n")[0].splitlines()
    assert len(lines) == 6
    space: dict = {"tf": tf}
    exec("\n".join(line[4:] for line in lines).replace("SHARDS", str(prepared)), space)
    photos = list(space["photos"].as_numpy_iterator())
    assert sorted(label for _, label in photos) == [-1, 0, 0, 1, 1]
    assert all(min(pixels.shape[:2]) == 64 for pixels, _ in photos)


def test_a_damaged_or_unfinished_folder_is_refused_in_one_line(prepared, tmp_path):
    for path in prepared.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    shard = next(tmp_path.glob("train*.tfrecord"))
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(UsageError, match=r"train-.*tfrecord: expected \d+ bytes, but it has \d+$"):
        find_index(str(tmp_path))
    shard.unlink()
    with pytest.raises(UsageError, match="but there is no such file$"):
        find_index(str(tmp_path))
    (tmp_path / "index.json").unlink()
    with pytest.raises(UsageError, match="these shards are not finished"):
        find_index(str(tmp_path))


def test_a_folder_of_photos_is_no_shard_folder(tmp_path):
    assert find_index(str(tmp_path)) is None
    (tmp_path / "index.json").write_text(json.dumps(["what", "another", "program", "wrote"]))
    assert find_index(str(tmp_path)) is None
