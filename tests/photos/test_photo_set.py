from __future__ import annotations

import numpy as np

from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.slices import PhotoSlices


def test_a_part_of_a_set_has_the_files_of_the_photos_asked_for(tmp_path):
    paths = [str(tmp_path / name) for name in "abc"]
    for path in paths:
        (tmp_path / path).write_text(f"photo {path[-1]}")
    part = PhotoSet(paths, 2, "f", folder=str(tmp_path)).of([2, 0, 2])
    assert part.paths == [paths[2], paths[0], paths[2]]
    assert (part.quarantined, part.fingerprint, part.folder) == (2, "f", str(tmp_path))
    contents, name = part.contents()(1)
    assert (contents.numpy(), name.numpy()) == (b"photo a", paths[0].encode())


def test_a_part_of_a_set_in_shards_has_the_bytes_and_labels_of_the_photos_asked_for(tmp_path):
    (tmp_path / "shard").write_bytes(b"..first.second")
    slices = PhotoSlices(
        [str(tmp_path / "shard")], np.array([14]), np.zeros(2, np.int32), np.array([2, 8]), np.array([5, 6])
    )
    labels = np.array([0, 1], np.int32)
    photos = PhotoSet(["1", "2"], 0, "f", slices=slices, labels=labels, classes=("a", "b"))
    part = photos.of(np.array([1]))
    contents, name = part.contents()(0)
    assert (contents.numpy(), name.numpy()) == (b"second", b"2")
    assert [part.classes[label] for label in part.labels] == ["b"]
