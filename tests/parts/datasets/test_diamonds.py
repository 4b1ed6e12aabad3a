"""Prices follow from the inputs as they should."""

import numpy as np
import pytest

from optcli.parts.datasets import diamonds


@pytest.fixture(scope="module")
def splits():
    return diamonds.load(diamonds.Options(), seed=0)


def test_a_linear_fit_explains_98_percent_and_no_more(splits):
    weights = np.linalg.lstsq(splits.train_x, splits.train_y, rcond=None)[0]
    error = ((splits.val_x @ weights - splits.val_y) ** 2).mean()
    assert 0.97 < 1 - error / splits.val_y.var() < 0.985


def test_targets_are_standardised_log_prices(splits):
    assert abs(splits.train_y.mean()) < 1e-3
    assert splits.train_y.std() == pytest.approx(1, abs=1e-3)
    prices = np.exp(splits.val_y * diamonds.LOG_PRICE_DEVIATION + diamonds.LOG_PRICE_MEAN)
    assert (prices.min().round(), prices.max().round()) == pytest.approx((327, 18823), abs=5)


def test_qualities_are_one_hot(splits):
    for start, end in ((6, 11), (11, 18), (18, 26)):
        block = splits.val_x[:, start:end]
        assert set(np.unique(block)) == {0.0, 1.0}
        assert (block.sum(axis=1) == 1).all()
