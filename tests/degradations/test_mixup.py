from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations import mixup


@pytest.mark.parametrize("alpha", [0.1, 0.4])
def test_blends_as_pillow_does(photos, alpha):
    others = photos[::-1]
    theirs = [
        np.asarray(Image.blend(Image.fromarray(own), Image.fromarray(other), alpha))
        for own, other in zip(photos, others)
    ]
    ours = mixup.apply(photos.astype(np.float32), alpha, (0, 0), partners=others.astype(np.float32)).numpy()
    # Pillow cuts the fraction off.
    np.testing.assert_allclose(ours - 0.5, np.stack(theirs), atol=0.501)


def test_no_image_is_its_own_partner_and_every_other_one_comes_up(photos):
    seen = set()
    for number in range(60):
        partners = mixup.partners_of(photos, (1, number)).numpy()
        same = (partners[:, None] == photos[None]).all(axis=(2, 3, 4))
        np.testing.assert_array_equal(same.sum(axis=1), 1)
        assert not same.diagonal().any()
        seen.add(int(same[0].argmax()))
    assert seen == {1, 2, 3, 4, 5}


def test_the_seed_says_which_partner(images):
    given = mixup.partners_of(images, (4, 4))
    ours = mixup.apply(images, 0.4, (4, 4)).numpy()
    np.testing.assert_allclose(ours, mixup.apply(images, 0.4, (9, 9), partners=given).numpy())


def test_one_image_alone_is_blended_with_its_mirror_image(images):
    alone = images[:1]
    ours = mixup.apply(alone, 0.4, (0, 0)).numpy()
    np.testing.assert_allclose(ours, 0.6 * alone + 0.4 * alone[:, :, ::-1], atol=1e-6)


def test_wrong_alpha(images):
    with pytest.raises(ValueError, match="alpha is 1.5"):
        mixup.apply(images, 1.5, (0, 0))
