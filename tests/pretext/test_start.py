"""Training that begins with another encoder's blocks: what is taken, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.encoders import build_encoder
from aesthkeras.errors import UsageError
from aesthkeras.pretext.start import blocks_of, find_start, take_blocks


def encoder(name="alexnet", crop=96, width=0.125, seed=0):
    return build_encoder(name, input_size=crop, width=width, seed=seed, weight_decay=0.0)


@pytest.mark.parametrize("name", ["alexnet", "alexnet_lab", "resnet18"])
def test_blocks_of_small_patches_go_into_an_encoder_of_large_ones(name):
    small, large = encoder(name), encoder(name, crop=162, seed=1)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 162, 162, 3)).astype(np.float32)
    of_embedding = [weight for weight in large.weights if weight.name.startswith("embedding")]
    before = [weight.numpy() for weight in of_embedding]
    take_blocks(large, blocks_of(small))
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
    with pytest.raises(UsageError, match="--start_from: expected an encoder of the same"):
        take_blocks(own, blocks_of(encoder(**other)))
    for weight, earlier in zip(own.get_weights(), before):
        np.testing.assert_array_equal(weight, earlier)


@pytest.mark.parametrize("spec", ["random:alexnet?seed=1", "nowhere"])
def test_what_is_no_trained_encoder_is_refused(spec):
    with pytest.raises(UsageError, match=f"--start_from={spec.split('?')[0]}"):
        find_start(spec)
