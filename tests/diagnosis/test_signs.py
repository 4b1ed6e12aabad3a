"""Figures that tell causes apart."""

import math
from dataclasses import replace

import numpy as np
import pytest

from optcli.diagnosis.signs import signs
from optcli.run.curve import Run

STEP = np.arange(400)
NOISE = np.random.default_rng(0).normal(size=400)


def test_a_run_without_a_loss_has_no_signs() -> None:
    assert signs(Run("x", "none", {})) == {}


def test_what_a_log_lacks_is_no_number(make) -> None:
    found = signs(make({"train/loss": 2.0 - 0.001 * STEP}))
    known = {name for name, value in found.items() if not math.isnan(value)}
    assert (known, found["start"]) == ({"start", "first_step", "last_step"}, pytest.approx(2.0, abs=0.01))
    assert (found["first_step"], found["last_step"]) == (STEP[0], STEP[-1])
    assert {"efficiency", "gap_early", "followed", "lr_peak", "train_accuracy", "val_accuracy"} <= set(found)


def test_levels_at_the_end(make) -> None:
    curves = {
        "train/loss": 2.0 * np.exp(-STEP / 50) + 0.2,
        "train/accuracy": np.linspace(0.1, 0.9, 400),
        "val/accuracy": (STEP[9::10], np.linspace(0.1, 0.8, 40)),
        "lr": np.linspace(1e-3, 0.0, 400),
        "grad_norm": np.linspace(2.0, 1.0, 400),
    }
    found = signs(make(curves))
    assert (found["lr_peak"], found["lr_rise"]) == (pytest.approx(1e-3), 1.0)
    assert (found["train_accuracy"], found["val_accuracy"]) == (
        pytest.approx(0.85, abs=0.05),
        pytest.approx(0.75, abs=0.05),
    )


@pytest.mark.parametrize("every", [1, 5])
def test_gradient_descent_falls_by_rate_times_the_gradients_square(make, every) -> None:
    """Of the loss x^2 / 2 at a small rate; whatever the spacing of the log."""
    rate, x = 0.01, 3.0 * 0.99 ** np.arange(400)
    kept = slice(every - 1, None, every)
    curves = {role: (STEP[kept], v[kept]) for role, v in (("train/loss", x**2 / 2), ("grad_norm", x))}
    whole = signs(make({**curves, "lr": (STEP[kept], np.full(len(STEP[kept]), rate))}))
    assert whole["efficiency"] == pytest.approx(1.0, abs=0.15)
    clipped = signs(make({**curves, "lr": (STEP[kept], np.full(len(STEP[kept]), 100 * rate))}))
    assert clipped["efficiency"] == pytest.approx(0.01, rel=0.2)


def test_a_gap_from_the_start_is_told_from_one_that_grows(make) -> None:
    fall = 2.0 * np.exp(-STEP / 60) + 0.1
    grown = np.where(STEP < 150, fall, fall[150] + 0.01 * (STEP - 150))
    early = signs(make({"train/loss": fall, "val/loss": (STEP[9::10], np.full(40, 4.0))}))
    late = signs(make({"train/loss": fall, "val/loss": (STEP[9::10], grown[9::10])}))
    assert early["gap_early"] > 1.3
    assert abs(late["gap_early"]) < 0.1


def test_validation_follows_or_stays_behind(make) -> None:
    crawl = 2.3 - 1e-4 * STEP
    both = signs(make({"train/loss": crawl, "val/loss": (STEP[9::10], crawl[9::10])}))
    alone = signs(make({"train/loss": crawl, "val/loss": (STEP[9::10], np.full(40, 2.3))}))
    flat = signs(make({"train/loss": 2.3 + 0.1 * NOISE, "val/loss": (STEP[9::10], crawl[9::10])}))
    assert both["followed"] == pytest.approx(0.9, abs=0.15)
    assert alone["followed"] == pytest.approx(0.0)
    assert math.isnan(flat["followed"])


def test_curves_of_anything_give_numbers(make) -> None:
    rng = np.random.default_rng(1)
    for n in (1, 2, 3, 60):
        wild = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n) * 1e30)
        roles = ("train/loss", "val/loss", "lr", "grad_norm", "train/accuracy")
        with np.errstate(all="ignore"):
            found = signs(make(dict.fromkeys(roles, wild)))
        assert all(isinstance(value, float) for value in found.values())


@pytest.mark.parametrize(
    ("accuracy", "first", "gap"),
    [
        ([0.8, 0.83, 0.85, 0.84], 0.52, 0.1),
        ([80.0, 83.0, 85.0, 84.0], 0.52, 0.1),
        ([0.3, 0.6, 0.8, 0.84], 0.52, None),  # it had a way to go
        ([0.2, 0.2, 0.2, 0.2], 0.52, None),  # it was never good
    ],
)
def test_the_gap_at_a_first_validation_counts_if_that_was_good(make, accuracy, first, gap) -> None:
    run = make({"train/loss": [0.5, 0.4, 0.35, 0.3], "val/loss": [first, 0.5, 0.5, 0.6], "val/accuracy": accuracy})
    found = signs(run)["gap_first"]
    assert np.isnan(found) if gap is None else found == pytest.approx(gap)


@pytest.mark.parametrize(("first", "gap"), [(0.14, -0.15), (0.5, None)])
def test_without_an_accuracy_a_low_first_validation_was_good(make, first, gap) -> None:
    run = make({"train/loss": [0.155, 0.09, 0.07, 0.055], "val/loss": [first, 0.13, 0.15, 0.19]})
    found = signs(run)["gap_first"]
    assert np.isnan(found) if gap is None else found == pytest.approx(gap)


@pytest.mark.parametrize(
    ("epochs", "passes"),
    [
        (np.arange(0.0, 400.0, 20.0), 11),
        (np.arange(0.0, 400.0, 150.0), 2),
        (np.zeros(1), None),  # a log that tells of no second epoch
        (np.zeros(0), None),
    ],
)
def test_passes_are_counted_until_training_is_half_way(make, epochs, passes) -> None:
    found = signs(make({"train/loss": 1.0 - STEP / 400}, epochs=epochs))
    assert np.isnan(found["passes"]) if passes is None else found["passes"] == passes
    assert np.isnan(found["epochs"]) if passes is None else found["epochs"] == len(epochs)


@pytest.mark.parametrize(
    ("steps", "gap"),
    [
        ([0, 1, 2, 3], 0.1),
        ([0, 1, 2], 0.1),  # the last epoch broke off
        ([0, 2], None),  # not after each epoch
    ],
)
def test_the_gap_after_the_first_epoch_is_of_logs_by_epoch(make, steps, gap) -> None:
    val = (np.array(steps, float), np.array([1.1, 1.3, 1.6, 1.9])[: len(steps)])
    found = signs(make({"train/loss": [1.0, 0.6, 0.3, 0.0], "val/loss": val}))["gap_epoch"]
    assert np.isnan(found) if gap is None else found == pytest.approx(gap)


def test_a_gap_of_boosted_trees_says_nothing_of_the_sets(make) -> None:
    run = make({"train/loss": [1.0, 0.6, 0.3, 0.0], "val/loss": [3.0, 3.1, 3.2, 3.3]})
    assert signs(run)["gap_epoch"] == pytest.approx(2.0)
    assert signs(replace(run, format="boosting-console"))["gap_epoch"] == 0


@pytest.mark.parametrize(
    ("right", "lost"),
    [
        ([0.3, 0.6, 0.8, 0.78, 0.74, 0.7, 0.66, 0.64, 0.64, 0.64], 0.2),
        ([0.3, 0.6, 0.8, 0.79, 0.8, 0.79, 0.8, 0.79, 0.8, 0.79], 0.0),
        ([0.8, 0.79, 0.78, 0.76, 0.74, 0.7, 0.66, 0.64, 0.64, 0.64], None),  # it never rose
        ([0.3, 0.8, 0.6], None),
        ([0.0] * 10, None),
    ],
)
def test_accuracy_that_was_there_and_is_gone(make, right, lost) -> None:
    loss = np.linspace(1.0, 0.1, len(right))
    found = signs(make({"train/loss": loss, "val/accuracy": right}))["accuracy_lost"]
    assert np.isnan(found) if lost is None else found == pytest.approx(lost)


@pytest.mark.parametrize(
    ("config", "size"),
    [
        ({"facts.train": 50}, 50),
        ({"facts.train": 0.8}, None),  # a share
        ({"data.batch_size": 8}, 160),
        ({"data.batch_size": 8, "facts.per_device": 1}, None),
        ({}, None),
    ],
)
def test_the_size_of_the_training_set(make, config, size) -> None:
    run = make({"train/loss": 1.0 - STEP / 400}, epochs=np.arange(0.0, 400.0, 20.0), config=config)
    found = signs(run)["training_set"]
    assert np.isnan(found) if size is None else found == size


@pytest.mark.parametrize(
    ("loss", "epochs", "said"),
    [
        ([157.0, 1250.0, 14000.0, np.nan, np.nan, np.nan], [0.0, 3.0], True),
        ([157.0, 120.0, 90.0, 60.0, 50.0, 40.0], [0.0, 3.0], False),  # it comes down
        ([3.0, 1250.0, 14000.0, 9e5, 1e7, 1e9], [0.0, 3.0], False),  # it began as a guess
        ([157.0, 1250.0, 14000.0, np.nan, np.nan, np.nan], np.arange(6.0), False),  # the first epoch may have done that
    ],
)
def test_a_loss_that_begins_beyond_any_guess_and_grows(make, loss, epochs, said) -> None:
    found = signs(make({"train/loss": loss}, epochs=epochs))["oversized"]
    assert found == 157.0 if said else np.isnan(found)


def test_a_rate_that_rises_after_the_first_eighth(make) -> None:
    lr = np.where(STEP < 200, 1e-3, 0.05)
    assert signs(make({"train/loss": 2.0 - 0.001 * STEP, "lr": lr}))["lr_rise"] == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("loss", "first", "rest", "known"),
    [
        ([np.nan] * 40, 0, {}, True),
        ([np.nan] * 40, 1, {}, True),
        ([np.nan] * 40, 10, {}, False),  # nine steps may have done that
        ([2.0, *[np.nan] * 39], 0, {}, False),
        ([np.nan] * 40, 0, {"axis": "epoch"}, False),  # an epoch may have done that
        ([np.nan] * 10, 0, {"epochs": np.arange(10.0)}, False),
    ],
)
def test_a_first_loss_that_no_step_has_spoilt(make, loss, first, rest, known) -> None:
    curves = {"train/loss": (first + np.arange(len(loss)), loss)}
    assert (signs(make(curves, **rest)).get("untrained") == 1.0) is known


@pytest.mark.parametrize(
    ("loss", "first", "known"),
    [
        ([3e4, *[np.nan] * 39], 0, True),
        ([3e4, *[2.0] * 39], 0, True),
        ([3e4, *[np.nan] * 39], 9, False),  # nine steps may have done that
        ([30.0, *[np.nan] * 39], 0, False),
        ([np.inf, *[2.0] * 39], 0, False),
    ],
)
def test_a_first_loss_that_no_data_explain(make, loss, first, known) -> None:
    curves = {"train/loss": (first + np.arange(len(loss)), loss)}
    assert (signs(make(curves)).get("born_huge", np.nan) > 0) is known
