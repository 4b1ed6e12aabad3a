"""When a loss that stands still is called stuck, and from which level that is measured."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 600
STEP = np.arange(N)
NOISE = np.random.default_rng(0).normal(size=N)


def known_at(make, curves, **rest) -> float | None:
    found = engine.diagnose(make(curves, **rest), select=["OPT104"]).findings
    return found[0].known_at if found else None


def test_a_planned_run_has_time_to_begin(make) -> None:
    late = {"train/loss": 0.2 + 2.1 / (1 + np.exp((STEP - 0.25 * N) / (0.02 * N))) + 0.01 * NOISE}
    flat = {"train/loss": 2.303 + 0.01 * NOISE}
    assert known_at(make, late) is not None  # without a plan nothing tells that it will fall
    assert known_at(make, late, planned=N) is None
    assert known_at(make, flat) == 39
    assert 0.15 * N <= known_at(make, flat, planned=N) < 0.25 * N


@pytest.mark.parametrize(("scatter", "least"), [(0.02, 39), (0.1, 159), (0.2, 450)])
def test_the_noisier_the_batches_the_more_points_it_takes(make, scatter, least) -> None:
    at = known_at(make, {"train/loss": 2.303 + scatter * NOISE})
    assert at is not None
    assert at >= least


def test_a_run_that_fell_to_the_level_of_a_guess_has_learned_nothing(make) -> None:
    loss = 2.4 + 5 * np.exp(-STEP[:30] / 1.5) + 0.01 * NOISE[:30]
    curves = {"train/loss": (50 * STEP[1:31], loss), "val/loss": (50 * STEP[1:31], loss + 0.02)}
    guessing = (50 * STEP[1:31], 0.1 + 0.003 * NOISE[:30])
    learning = (50 * STEP[1:31], 0.1 + 0.2 * STEP[:30] / 30 + 0.003 * NOISE[:30])
    ten = {"facts": {"task": "classification", "outputs": 10}}
    assert known_at(make, curves) is None
    assert known_at(make, curves, config=ten) is not None
    assert known_at(make, {**curves, "train/accuracy": guessing}) is not None
    assert known_at(make, {**curves, "train/accuracy": learning}) is None
