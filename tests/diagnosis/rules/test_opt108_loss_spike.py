"""Leaps of training and validation together in a log of a few epochs."""

import numpy as np
import pytest

from optcli.diagnosis import engine

TRAIN = [1.0, 0.6, 0.4, 0.3, 0.25, 0.24, 0.23, 0.22, 0.21]
VAL = [1.1, 0.7, 0.5, 0.45, 0.42, 0.41, 0.41, 0.4, 0.4]


@pytest.mark.parametrize(
    ("train", "val", "said"),
    [
        (1.5, 1.9, True),
        (1.5, 0.45, False),  # validation doesn't bear witness
        (0.3, 1.9, False),
    ],
)
def test_both_must_leap_by_their_own_measure(make, train, val, said) -> None:
    run = make({"train/loss": [*TRAIN[:6], train, *TRAIN[6:]], "val/loss": [*VAL[:6], val, *VAL[6:]]})
    assert bool(engine.diagnose(run, select=["OPT108"]).findings) is said


def test_jitter_of_a_curve_that_is_flat_is_no_leap(make) -> None:
    train = [0.031, 0.0418, 0.0414, 0.0418, 0.0329, 0.0407, 0.0301, 0.0363, 0.0348]
    val = [3.5, 3.9, 3.9, 3.7, 3.5, 3.6, 4.0, 3.5, 3.4]
    assert not engine.diagnose(make({"train/loss": train, "val/loss": val}), select=["OPT108"]).findings


@pytest.mark.parametrize(("right", "said"), [(0.995, False), (0.9, True)])
def test_a_leap_that_validation_gets_right_all_the_same_undoes_nothing(make, right, said) -> None:
    train = [0.012, 0.0097, 0.0022, 0.0046, 0.0047, 0.019, 0.0042]
    val = [0.0028, 0.0053, 0.0011, 0.0007, 0.0012, 0.0109, 0.0011]
    accuracy = [0.99, 0.995, 1.0, 1.0, 1.0, right, 1.0]
    run = make({"train/loss": train, "val/loss": val, "val/accuracy": accuracy})
    assert bool(engine.diagnose(run, select=["OPT108"]).findings) is said


@pytest.mark.parametrize(
    ("top", "rest", "said"),
    [
        ([2.4, 6.0], [0.62, 0.48, 0.39], True),
        ([1.1], [0.62, 0.48, 0.39], False),  # batches do that
        ([2.4, 6.0], [5.8, 6.1, 6.0], False),  # no way back: that is a divergence
    ],
)
def test_a_short_log_without_validation_shows_its_spike_by_height(make, top, rest, said) -> None:
    loss = [9.4, 4.8, 1.6, 1.2, 0.85, 0.77, 0.67, 0.7, *top, *rest]
    assert bool(engine.diagnose(make({"train/loss": loss}), select=["OPT108"]).findings) is said
    growing = make({"train/loss": [*loss, *[0.3] * 40]})  # seen in passing, of a long log, noise can't be told yet
    assert not any(f.known_at < 20 for f in engine.diagnose(growing, select=["OPT108"]).findings)


@pytest.mark.parametrize(("spike", "said"), [(1e9, True), (300.0, False)])
def test_a_loss_that_learned_nothing_leaps_by_orders(make, spike, said) -> None:
    loss = [148, 150, 139, spike, 142, spike, 141, 151, 140, 127, 135, 128, 131, 129]
    run = make({"train/loss": loss, "val/loss": ([4, 13], [105, 98.6])})
    assert bool(engine.diagnose(run, select=["OPT108"]).findings) is said


def test_a_short_log_that_leaps_all_the_time_has_no_spike(make) -> None:
    loss = [0.65, 0.02, 0.0026, 0.0065, 0.28, 0.32, 0.49, 0.0014, 0.07, 0.016, 0.0006, 0.026, 0.03, 0.27, 0.05]
    assert not engine.diagnose(make({"train/loss": loss}), select=["OPT108"]).findings


FEW = np.array([0.56, 0.34, 0.22, 0.2, 0.18, 0.69, 0.35, 0.24, 0.17, 0.15, 0.14, 0.136, 0.132, 0.127, 0.127, 0.129])


@pytest.mark.parametrize(
    ("witness", "said"),
    [
        ({"lr": np.where(np.arange(16) < 5, 0.004, 0.1)}, True),
        ({"grad_norm": np.where(np.arange(16) == 5, 1.2, 0.2)}, True),
        ({"grad_norm": np.full(16, 0.2)}, False),
        ({}, False),
    ],
)
def test_in_few_points_the_rate_or_the_gradient_bears_witness(make, witness, said) -> None:
    found = engine.diagnose(make({"train/loss": FEW, **witness}), select=["OPT108"]).findings
    assert bool(found) is said


def test_the_next_validation_bears_witness_where_it_is_logged_at_other_steps(make) -> None:
    step = np.arange(0.0, 270.0, 10.0)
    loss = 0.6 + 1.1 * np.exp(-step / 50) + 0.02 * np.random.default_rng(0).normal(size=27)
    loss[13:15] = 2.0, 1.85
    seen = np.arange(21.0, 270.0, 22.0)
    val = np.array([1.2, 1.3, 0.8, 0.8, 0.6, 2.7, 2.5, 2.0, 1.7, 1.3, 0.7, 0.6])
    for values, said in ((val, True), (np.minimum(val, 0.9), False)):
        run = make({"train/loss": (step, loss), "val/loss": (seen, values)})
        assert bool(engine.diagnose(run, select=["OPT108"]).findings) is said


@pytest.mark.parametrize("share", [0.9, 0.05])
def test_what_validation_shares_of_a_leap_is_told(make, share) -> None:
    step, seen = np.arange(400), np.arange(19, 400, 20)
    fall = 0.3 + 2.0 * np.exp(-step / 60)
    bump = 5.0 * np.exp(-np.maximum(step - 250, 0) / 30) * (step >= 250)
    run = make({"train/loss": fall + bump, "val/loss": (seen, (fall + share * bump)[seen])})
    (found,) = engine.diagnose(run, select=["OPT108"]).findings
    assert found.evidence["val_share"].value == pytest.approx(share * np.exp(-9 / 30), abs=0.05)
    assert found.evidence["val_rise"].value == pytest.approx(5.0 / 2.0 * share * np.exp(-9 / 30), rel=0.2)
