"""Validation that stands still, from some step on or all the while."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import stillness
from optcli.diagnosis.view import View

N = 400
STEP = np.arange(N)
SEEN = STEP[19::20]
NOISE = np.random.default_rng(0).normal(size=N)


def view(make, train, val) -> View:
    return View(make({"train/loss": train, "val/loss": (SEEN, val)}), float(N - 1), ended=True)


def falls(at, until):
    """A fall that stops dead at step `until`."""
    return 1.0 + np.exp(-np.minimum(at, until) / 60)


@pytest.mark.parametrize(
    ("until", "since"),
    [
        (100, 119.0),
        (300, None),  # too late in the run
        (N, None),
    ],
)
def test_weights_that_have_moved_and_then_do_not(make, until, since) -> None:
    found = stillness.still(view(make, falls(STEP, until) + 0.02 * NOISE, falls(SEEN, until)))
    assert (found[0] if found else None) == since


def test_what_is_known_by_heart_or_came_to_rest_is_not_still(make) -> None:
    assert stillness.still(view(make, 2.0 * np.exp(-STEP / 10), 1.0 + np.exp(-np.minimum(SEEN, 100) / 60))) is None
    assert stillness.still(view(make, falls(STEP, N) + 0.02 * NOISE, 1.0 + np.exp(-SEEN / 8))) is None


@pytest.mark.parametrize(
    ("fall", "scatter", "down", "said"),
    [
        (0.0, 0.3, 0.0, True),
        (0.02, 0.3, 0.0, True),
        (0.05, 0.3, 0.0, False),  # validation moves
        (0.0, 0.02, 0.5, False),  # training falls
    ],
)
def test_validation_that_is_what_it_was(make, fall, scatter, down, said) -> None:
    train = 1.0 - down * STEP / N + scatter * NOISE
    assert stillness.unmoved(view(make, train, 1.0 - fall * SEEN / N)) is said


@pytest.mark.parametrize(("change", "said"), [(0.0, True), (1e-4, False)])
def test_the_same_number_each_time(make, change, said) -> None:
    assert stillness.frozen(view(make, 1.0 + 0.1 * NOISE, 1.0 + change * (SEEN > 200))) is said


@pytest.mark.parametrize(
    ("fall", "bend", "config", "said"),
    [
        (0.06, 0.0, {}, True),
        (0.2, 0.0, {}, False),
        (0.06, 1.0, {}, False),  # it nears a floor
        (0.06, 0.6, {}, False),
        (0.06, 0.6, {"optimizer.name": "adam", "optimizer.lr": 1e-5}, True),  # a schedule bends what is too slow
        (0.06, 0.0, {"facts.pretrained": 1}, False),
        (0.06, 0.0, {"facts.task": "language"}, False),
    ],
)
def test_a_run_that_only_crawls(make, fall, bend, config, said) -> None:
    way = np.linspace(0.0, 1.0, 200)
    loss = 1.6 * (1 - fall * (way + bend * way * (1 - way))) + 0.001 * np.random.default_rng(0).normal(size=200)
    assert stillness.crawls(View(make({"train/loss": loss}, config=config), 199.0, ended=True)) is said


@pytest.mark.parametrize(("train_falls", "said"), [(0.06, True), (0.3, False)])
def test_validation_tells_a_crawl_that_single_batches_hide(make, train_falls, said) -> None:
    way = np.linspace(0.0, 1.0, N)
    loss = 1.6 * (1 - train_falls * way) + 0.4 * NOISE
    loss[0] = 1.6
    run = make({"train/loss": loss, "val/loss": (SEEN, 1.6 * (1 - 0.06 * way[SEEN]))})
    assert stillness.crawls(View(run, N - 1.0, ended=True)) is said
