"""A tail that brought nothing, and tails that brought a little after all."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(200)
NOISE = np.random.default_rng(0).normal(size=200)
FLAT = 0.5 + 2.0 * np.exp(-STEP / 8) + 0.002 * NOISE


def codes(run):
    return {f.code for f in engine.diagnose(run, select=["OPT107"]).findings}


def test_nothing_was_gained(make) -> None:
    assert codes(make({"train/loss": FLAT})) == {"OPT107"}


def test_a_loss_that_halves_near_zero_has_gained(make) -> None:
    small = 0.004 + 2.0 * np.exp(-STEP / 8) + 0.008 * np.exp(-STEP / 100)
    assert codes(make({"train/loss": small})) == set()


@pytest.mark.parametrize(("gain", "said"), [(0.0, {"OPT107"}), (0.1, set()), (10.0, set())])
def test_accuracy_that_goes_on_rising_has_gained(make, gain, said) -> None:
    whole = 100 if gain > 1 else 1
    accuracy = 0.8 * whole * (1 - np.exp(-STEP / 8)) + gain * STEP / 200
    assert codes(make({"train/loss": FLAT, "val/loss": FLAT + 0.1, "val/accuracy": accuracy})) == said
