"""The digits are the ones they are labelled as, as far as a nearest neighbour can tell."""

import numpy as np

from optcli.parts.datasets import digits


def test_nearest_neighbour_knows_the_digits():
    splits = digits.load(digits.Options(), seed=0)
    train, val = splits.train_x.reshape(1437, -1), splits.val_x.reshape(360, -1)
    nearest = ((train**2).sum(1)[None] - 2 * val @ train.T).argmin(1)
    assert (splits.train_y[nearest] == splits.val_y).mean() > 0.97


def test_validation_is_balanced():
    splits = digits.load(digits.Options(), seed=0)
    assert set(np.bincount(splits.val_y)) == {36}


def test_wrong_labels():
    clean, noisy = (digits.load(digits.Options(label_noise=share), seed=0) for share in (0.0, 0.5))
    assert (clean.train_y != noisy.train_y).sum() == round(0.5 * 1437)
