"""Runs that their first steps threw off."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import engine, outset
from optcli.diagnosis.view import View


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ([1.0, 9.0, 9.1], True),
        ([1.0, 9.0, 7.0], False),  # it comes down
        ([1.0, 2.0, 2.1], False),
        ([1.0, 9.0, 9.0, 9.1, 9.2, 9.3], False),  # long enough to be judged by its noise
        ([0.06, 0.16, 0.06, 5e19, 4e20, 2e21, 8e21], True),
        ([0.06, 0.16, 0.06, 0.1, 4e20, 0.2, 8e21], False),  # it comes back
        ([0.06, 4e20, 0.06, 4e20, 4e20, 2e21, 8e21], False),  # it was there before
    ],
)
def test_a_log_of_few_points_that_ends_far_above_its_first(make, loss, said) -> None:
    assert outset.exploded(View(make({"train/loss": loss}), len(loss) - 1.0, ended=True)) is said


@pytest.mark.parametrize(("falls", "said"), [(0.0, True), (0.5, False)])
def test_nearly_all_points_above_the_first(make, falls, said) -> None:
    step = np.arange(60)
    loss = 1.6 - falls * step / 60 + 0.01 * np.random.default_rng(0).normal(size=60)
    loss[0] = 1.0
    assert outset.left(View(make({"train/loss": loss}), 59.0)) is said


@pytest.mark.parametrize(
    ("level", "below", "rate", "said"),
    [
        (1.25, 0, 0.1, True),
        (1.25, 0, 0.01, False),
        (1.25, 15, 0.1, False),
        (1.25, 15, 2.0, True),
        (1.05, 15, 2.0, True),
        (0.95, 15, 2.0, False),
        (1.25, 30, 2.0, False),
    ],
)
def test_far_beyond_the_usual_rate_less_is_enough(make, level, below, rate, said) -> None:
    loss = level + 0.01 * np.random.default_rng(0).normal(size=60)
    loss[0], loss[2 : 2 * below + 2 : 2] = 1.0, 0.9
    run = make({"train/loss": loss}, config={"optimizer.name": "adam", "optimizer.lr": rate})
    assert outset.left(View(run, 59.0)) is said


@pytest.mark.parametrize(
    ("level", "rate", "said"),
    [
        (1e24, 0.01, True),  # no loss is so large
        (300.0, 30.0, True),
        (300.0, 0.3, False),  # targets in units of their own
        (3.0, 30.0, False),  # what a guess may earn
    ],
)
def test_a_loss_that_no_data_explain(make, level, rate, said) -> None:
    loss = level * np.array([2.0, 1.2, 1.1, 1.3, 1.0, 1.2, 1.1, 1.2])
    run = make({"train/loss": loss}, config={"optimizer.name": "adam", "optimizer.lr": rate})
    assert outset.astray(View(run, 7.0)) is said
    found = engine.diagnose(run, select=["OPT102"]).findings
    assert [f.code for f in found] == ["OPT102"] * said
    assert not said or "stays at" in found[0].message


@pytest.mark.parametrize(
    ("loss", "norm", "said"),
    [
        ([15.0], None, True),
        ([1.7], None, False),
        ([1.7], 45.0, True),
        ([1.7], 4.5, False),
        ([59.0, 9e5, 1e18, 1e32, 1e28], None, True),
        ([59.0, 90.0, 40.0, 50.0, 30.0], None, False),  # a NaN in the data, say
        ([0.3] * 20 + [29.0, 2e17, -3e35], None, True),
        ([0.3] * 20 + [29.0, 2e7, -3e5], None, False),
    ],
)
def test_a_loss_that_is_no_number_after_a_few_points_of_a_size_that_no_start_has(make, loss, norm, said) -> None:
    curves = {"train/loss": [*loss, np.nan, np.nan]}
    if norm is not None:
        curves["grad_norm"] = [norm] * len(loss) + [np.nan, np.nan]
    run = make(curves)
    assert outset.burst(View(run, float(len(loss)))) is said
    found = engine.diagnose(run, select=["OPT102"]).findings
    assert any("having been up to" in f.message for f in found) is said
