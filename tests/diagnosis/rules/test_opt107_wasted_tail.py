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


@pytest.mark.parametrize(("floor", "said"), [(0.004, {"OPT107"}), (0.0004, set())])
def test_a_loss_near_zero_that_falls_by_decades_has_gained(make, floor, said) -> None:
    small = floor + 2.0 * np.exp(-STEP / 8) + 0.015 * np.exp(-STEP / 40)
    assert codes(make({"train/loss": small})) == said


@pytest.mark.parametrize(("noise", "told"), [(0.03, "nothing beyond noise"), (0.0, "0.7%")])
def test_it_says_how_little_was_gained(make, noise, told) -> None:
    loss = 0.5 + 2.0 * np.exp(-STEP / 8) + noise * NOISE
    (finding,) = engine.diagnose(make({"train/loss": loss}), select=["OPT107"]).findings
    assert f", brought {told} of what train/loss gained" in finding.message


def test_a_noisy_training_loss_makes_no_nothing_of_what_validation_gained(make) -> None:
    val = 0.3 + 0.7 * np.exp(-STEP / 60)
    assert codes(make({"train/loss": FLAT * 100, "val/loss": val})) == set()


@pytest.mark.parametrize(("gain", "said"), [(0.0, {"OPT107"}), (0.1, set()), (10.0, set())])
def test_accuracy_that_goes_on_rising_has_gained(make, gain, said) -> None:
    whole = 100 if gain > 1 else 1
    accuracy = 0.8 * whole * (1 - np.exp(-STEP / 8)) + gain * STEP / 200
    assert codes(make({"train/loss": FLAT, "val/loss": FLAT + 0.1, "val/accuracy": accuracy})) == said
