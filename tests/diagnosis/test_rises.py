"""Rises that no noise level is needed to tell."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import rises
from optcli.run.prepare import Series


def series(value, name="train/loss") -> Series:
    value = np.asarray(value, dtype=float)
    return Series(name, np.arange(len(value), dtype=float), value)


@pytest.mark.parametrize(("end", "said"), [([2.0] * 5, True), ([2.0, 2.0, 0.4, 2.0, 2.0], False), ([1.0] * 5, False)])
def test_the_last_quarter_must_lie_above_most_of_what_was_gained(end, said) -> None:
    assert rises.stays(series([2.3, 1.5, 0.9, 0.5, 0.4, 0.3, 0.3, 9.0, 0.3, 7.0, 0.3, 0.4, *end]), False) is said


@pytest.mark.parametrize(("means", "back", "said"), [(True, 2.4, True), (False, 2.4, False), (True, 1.1, False)])
def test_means_of_epochs_tell_it_from_fewer_points(means, back, said) -> None:
    """Their steep fall is all the noise that there is to go by."""
    assert rises.stays(series([2.39, 1.88, 1.23, 0.88, 0.77, 1.18, back, 2.5, 2.5, 2.5]), means) is said


@pytest.mark.parametrize(
    ("name", "slope", "said"), [("train/loss", 1, True), ("val/loss", 1, False), ("loss", -1, False)]
)
def test_a_steady_rise_counts_where_it_is_not_of_unseen_data(name, slope, said) -> None:
    step = np.arange(200)
    fall = 0.5 + 1.5 * np.exp(-step / 20)
    loss = series(fall + slope * 0.005 * np.maximum(step - 80, 0), name)
    assert rises.rising(loss, loss.low, loss.start - loss.low) is said


@pytest.mark.parametrize(
    ("value", "breaks", "early", "said"),
    [
        ([1, 5, 60, 900], True, False, True),  # it soars and is no number any more
        ([1, 5, 60, 900], False, False, False),
        ([1, 5, 900, 60], True, False, False),
        ([2, 1, 4, 4, 4, 4, 4, 4, 4], False, False, True),
        ([1, 3, 3, 3, 3, 3, 3, 3, 3], False, False, True),
        ([1, 3, 3, 3, 3, 3, 3, 3, 3], False, True, False),  # one easy batch, for all that is known
    ],
)
def test_a_rise_without_a_noise_level_must_be_a_high_one(value, breaks, early, said) -> None:
    loss = series(value)
    assert bool(rises.climbing(loss, min(value), value[0] - min(value), breaks, early)) is said
