from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.degradations import Mixup
from aesthkeras.degradations.mixup import partners_of


@pytest.mark.parametrize("alpha", [0.1, 0.4])
def test_blends_as_pillow_does(photos, alpha):
    others = photos[::-1]
    theirs = [
        np.asarray(Image.blend(Image.fromarray(own), Image.fromarray(other), alpha))
        for own, other in zip(photos, others)
    ]
    ours = Mixup(alpha).edit(tf.constant(photos), None, partners=others).numpy()
    # Pillow cuts the fraction off.
    np.testing.assert_allclose(ours - 0.5, np.stack(theirs), atol=0.501)


def test_no_image_is_its_own_partner_and_every_other_one_comes_up(photos):
    seen = set()
    for number in range(60):
        partners = partners_of(photos, (1, number)).numpy()
        same = (partners[:, None] == photos[None]).all(axis=(2, 3, 4))
        np.testing.assert_array_equal(same.sum(axis=1), 1)
        assert not same.diagonal().any()
        seen.add(int(same[0].argmax()))
    assert seen == {1, 2, 3, 4, 5}


def test_the_seed_says_which_partner(images):
    given = partners_of(images, (4, 4))
    ours = Mixup(0.4, value_range=(0, 1))(images, seed=(4, 4))
    np.testing.assert_allclose(ours, 0.6 * images + 0.4 * given, atol=1e-6)


def test_one_image_alone_is_blended_with_its_mirror_image(images):
    alone = images[0]
    ours = Mixup(0.4, value_range=(0, 1))(alone)
    np.testing.assert_allclose(ours, 0.6 * alone + 0.4 * alone[:, ::-1], atol=1e-6)


def test_wrong_alpha():
    with pytest.raises(ValueError, match="^alpha=1.5: expected 0 to 1"):
        Mixup(1.5)
