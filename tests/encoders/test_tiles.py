"""A larger square in tiles: what each tile says, put where the tile lies."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
from skimage import data

from aesthkeras.encoders import BLOCK_NAMES, EMBEDDING, ENCODERS, build_encoder, in_tiles
from aesthkeras.encoders.float32 import float32_copy
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks.export import Export
from aesthkeras.networks.saving import export_encoder
from aesthkeras.scoring.folding import fold_batch_normalization

PHOTOS = np.stack([data.astronaut()[:192, 100:292], data.coffee()[50:242, 100:292]])


@pytest.fixture(scope="module")
def encoder() -> keras.Model:
    return build_encoder("alexnet", input_size=96, width=0.125)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_each_tile_is_seen_by_itself_and_put_in_its_place(name: str):
    encoder = build_encoder(name, input_size=96, width=0.125)
    tiled = in_tiles(encoder, 2)(PHOTOS)
    for row in range(2):
        for column in range(2):
            tile = PHOTOS[:, 96 * row : 96 * (row + 1), 96 * column : 96 * (column + 1)]
            for block, alone in encoder(tile).items():
                if block in BLOCK_NAMES:
                    edge = alone.shape[1]
                    rows, columns = (slice(edge * place, edge * (place + 1)) for place in (row, column))
                    placed = tiled[block].numpy()[:, rows, columns]
                    np.testing.assert_allclose(placed, alone, rtol=1e-3, atol=1e-5, err_msg=block)
    assert all(tiled[block].shape[1] == 2 * encoder.output[block].shape[1] for block in BLOCK_NAMES)


def test_the_embedding_is_that_of_the_whole_square_made_small(encoder):
    small = PHOTOS.reshape(2, 96, 2, 96, 2, 3).mean((2, 4)).round()
    expected = encoder(small.astype(np.float32))[EMBEDDING]
    np.testing.assert_allclose(in_tiles(encoder, 2)(PHOTOS)[EMBEDDING], expected, rtol=1e-4, atol=1e-6)


def test_tiles_are_taken_off_and_changed(encoder):
    tiled = in_tiles(encoder, 3)
    assert tiled.input_shape == (None, 288, 288, 3)
    assert in_tiles(tiled, 2).input_shape == (None, 192, 192, 3)
    plain = in_tiles(tiled, 1)(PHOTOS[:, :96, :96])
    for name, output in encoder(PHOTOS[:, :96, :96]).items():
        np.testing.assert_array_equal(plain[name], output)


def test_an_export_in_tiles_is_found_with_and_without_them(encoder, tmp_path):
    export_encoder(in_tiles(encoder, 2), tmp_path / "tiled", resize_edge=208)
    found = find_encoder(str(tmp_path / "tiled"))
    assert (found.crop, found.resize, found.name) == (192, 208, "tiled")
    plain = find_encoder(str(tmp_path / "tiled"), tiles=1)
    assert (plain.crop, plain.resize, plain.name) == (96, 104, "tiled, no tiles")
    again = find_encoder(str(tmp_path / "tiled"), tiles=3)
    assert (again.crop, again.resize, again.name) == (288, 312, "tiled, 3 x 3 tiles")
    assert len({found.fingerprint, plain.fingerprint, again.fingerprint}) == 3
    loaded = Export.open(tmp_path / "tiled").encoder()(PHOTOS)
    for name, output in in_tiles(encoder, 2)(PHOTOS).items():
        np.testing.assert_allclose(loaded[name], output, rtol=1e-4, atol=1e-6)


def test_a_random_encoder_in_tiles_has_the_statistics_of_one_tile():
    spec = "random:alexnet?width=0.125&crop=96&resize=104"
    plain, tiled = find_encoder(spec), find_encoder(spec, tiles=2)
    for one, other in zip(plain.model.get_weights(), tiled.model.get_weights()):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(UsageError, match="encoder="):
        find_encoder("nothing here", tiles=2)


@pytest.mark.parametrize("copied", [float32_copy, fold_batch_normalization])
def test_copies_for_serving_and_scoring_answer_alike(encoder, copied):
    tiled = in_tiles(encoder, 2)
    copy = copied(tiled)(PHOTOS)
    for name, output in tiled(PHOTOS).items():
        np.testing.assert_allclose(copy[name], output, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.long
def test_a_process_that_only_loads_an_export_knows_the_tiles(encoder, tmp_path):
    export_encoder(in_tiles(encoder, 2), tmp_path / "tiled", resize_edge=208)
    imports = "import sys; from aesthkeras.networks.export import Export"
    code = f"{imports}; print(Export.open(sys.argv[1]).encoder().name)"
    command = [sys.executable, "-c", code, str(tmp_path / "tiled")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert result.stdout.strip() == "alexnet_in_tiles", result.stderr[-500:]
