"""The stored pictures of Fashion-MNIST, and wrong labels."""

import numpy as np
import pytest

from optcli.parts.datasets import fashion


@pytest.fixture(scope="module")
def splits():
    return fashion.load(fashion.Options(), seed=0)


def test_classes_are_balanced(splits):
    assert set(np.bincount(splits.train_y)) == {1000}
    assert set(np.bincount(splits.val_y)) == {200}


def test_pictures_are_whole_shades(splits):
    shades = (splits.val_x * fashion.DEVIATION + fashion.MEAN) * 255
    np.testing.assert_allclose(shades, shades.round(), atol=1e-3)
    assert (shades.min().round(), shades.max().round()) == (0, 255)


def test_no_validation_picture_has_a_near_copy_in_training(splits):
    shades = [
        ((x * fashion.DEVIATION + fashion.MEAN) * 255).reshape(len(x), -1) for x in (splits.train_x, splits.val_x)
    ]
    train, val = shades[0], shades[1][:400]
    squares = (val**2).sum(1)
    nearest = ((train**2).sum(1)[None] + squares[:, None] - 2 * val @ train.T).min(1)
    assert np.sqrt(nearest / squares).min() > 0.12


def test_wrong_labels_are_drawn_by_the_seed_and_only_in_training(splits):
    noisy = fashion.load(fashion.Options(n=500, label_noise=0.2), seed=3)
    assert (noisy.train_y != splits.train_y[:500]).sum() == 100
    np.testing.assert_array_equal(noisy.val_y, splits.val_y)
