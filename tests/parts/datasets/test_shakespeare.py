"""The plays as windows of characters."""

import numpy as np
import pytest

from optcli.parts.datasets import shakespeare


def text(windows):
    return "".join(shakespeare.CHARACTERS[token] for token in np.ravel(windows))


@pytest.fixture(scope="module")
def splits():
    return shakespeare.load(shakespeare.Options(), seed=0)


def test_targets_are_one_character_ahead(splits):
    np.testing.assert_array_equal(splits.train_x[:, 1:], splits.train_y[:, :-1])
    np.testing.assert_array_equal(splits.train_x[1:, 0], splits.train_y[:-1, -1])


def test_windows_laid_together_are_the_plays(splits):
    assert text(splits.train_x).startswith("ACT I.")
    assert "To be, or not to be,--that is the question" in text(splits.train_x)
    assert "Gutenberg" not in text(splits.train_x) + text(splits.val_x)


def test_the_parts_share_no_passage_of_64_characters(splits):
    train, val = text(splits.train_x), text(splits.val_x)
    passages = {val[i : i + 64] for i in range(len(val) - 63)}
    assert not any(train[i : i + 64] in passages for i in range(len(train) - 63))


@pytest.mark.parametrize("context", [2, 100, 8192])
def test_any_context(context):
    options = shakespeare.Options(context=context)
    facts, splits = shakespeare.facts(options), shakespeare.load(options, seed=0)
    assert splits.val_x.shape == (facts.val, context) == splits.val_y.shape
    assert splits.train_x.shape == (facts.train, context)
