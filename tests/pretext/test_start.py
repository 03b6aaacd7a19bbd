"""Training that begins with another encoder's blocks: what is taken, what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from skimage import data

from aesthkeras.encoders import build_encoder, in_tiles
from aesthkeras.errors import UsageError
from aesthkeras.networks.saving import export_encoder
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.start import block_weights, find_start, take_blocks
from aesthkeras.pretext.task import find_task
from aesthkeras.training.run_folder import RunFolder


def encoder(name="alexnet", crop=96, width=0.125, seed=0):
    return build_encoder(name, input_size=crop, width=width, seed=seed, weight_decay=0.0)


@pytest.mark.parametrize("name", ["alexnet", "alexnet_lab", "resnet18"])
def test_blocks_of_small_patches_go_into_an_encoder_of_large_ones(name):
    small, large = encoder(name), encoder(name, crop=162, seed=1)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 162, 162, 3)).astype(np.float32)
    of_embedding = [weight for weight in large.weights if weight.name.startswith("embedding")]
    before = [weight.numpy() for weight in of_embedding]
    take_blocks(large, block_weights(small))
    for weight, earlier in zip(of_embedding, before):
        np.testing.assert_array_equal(weight, earlier)
    # Away from the edges a convolution answers the same whatever lies around it.
    np.testing.assert_allclose(
        large(pixels)["conv1"][:, :20, :20], small(pixels[:, :96, :96])["conv1"][:, :20, :20], atol=1e-4
    )


@pytest.mark.parametrize("other", [{"width": 0.25}, {"name": "resnet18"}])
def test_another_kind_of_encoder_is_refused_and_changes_nothing(other):
    own = encoder()
    before = own.get_weights()
    with pytest.raises(UsageError, match="start_from: expected an encoder of the same"):
        take_blocks(own, block_weights(encoder(**other)))
    for weight, earlier in zip(own.get_weights(), before):
        np.testing.assert_array_equal(weight, earlier)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export_encoder(encoder(), tmp_path_factory.mktemp("models") / "tiny", resize_edge=104).parent


@pytest.mark.long
@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("random:alexnet?seed=1", "--start_from=random:alexnet"),
        ("nowhere", "--start_from=nowhere: expected a SavedModel folder"),
        ("EXPORTED", "--start_from: expected an encoder of the same"),
    ],
)
def test_what_cannot_be_begun_with_ends_in_one_line_and_claims_no_folder(exported, tmp_path, spec, line):
    flags = [f"--start_from={spec.replace('EXPORTED', str(exported))}", "--width=0.25", "--crop=131"]
    places = [f"--run_dir={tmp_path / 'run'}", f"--out={tmp_path / 'model'}", "--data_dir=samples"]
    command = [sys.executable, "-m", "aesthkeras.pretrain", "--resize=148", *places, *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and line in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_of_other_patches_is_found(exported):
    recipe = Recipe(start_from=str(exported), width=0.125, crop=131, resize=148)
    found = find_start(find_task("rotation")(recipe=recipe))
    assert (found.crop, found.name) == (96, "tiny")


def test_of_an_encoder_in_tiles_the_encoder_of_a_tile_is_taken(tmp_path):
    tiled = export_encoder(in_tiles(encoder(), 2), tmp_path / "tiled", resize_edge=208).parent
    recipe = Recipe(start_from=str(tiled), width=0.125, crop=131, resize=148)
    found = find_start(find_task("rotation")(recipe=recipe))
    assert found.crop == 96
    for name, arrays in block_weights(encoder()).items():
        for one, other in zip(arrays, block_weights(found.model)[name]):
            np.testing.assert_array_equal(one, other)


@pytest.mark.long
def test_a_run_that_goes_on_needs_its_start_no_more_and_remembers_it(tmp_path):
    (tmp_path / "photos").mkdir()
    Image.fromarray(data.astronaut()[:120, :140]).save(tmp_path / "photos" / "astronaut.png")
    run, noted = RunFolder(tmp_path / "run"), {"start_from": "f00d", "encoder_notes": "Theirs."}
    run.checkpoints.mkdir(parents=True)
    (run.checkpoints / "checkpoint").write_text('model_checkpoint_path: "step-1"')
    run.update_record(data=noted)
    flags = ["--task=rotation", "--start_from=deleted", "--width=0.125", "--crop=96", "--resize=104"]
    places = [f"--run_dir={run.path}", f"--out={tmp_path / 'model'}", f"--data_dir={tmp_path / 'photos'}"]
    command = [sys.executable, "-m", "aesthkeras.pretrain", *places, *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    # it came as far as the checkpoint, whose files this test has not made
    assert f"{run.checkpoints}/step-1: expected a whole checkpoint" in result.stderr.splitlines()[-1]
    found = run.read_record()["data"]
    assert found == {**found, **noted, "photos": 1}
