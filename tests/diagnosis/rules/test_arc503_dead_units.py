"""Layers whose gradient has gone to 0 for good, and shares of dead units that grow."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 80
STEP = np.arange(N)
NOISE = 1 + 0.1 * np.random.default_rng(1).normal(size=N)
FLAT = 2.303 + 0.01 * np.random.default_rng(0).normal(size=N)
FALLS = 0.2 + 2.1 * np.exp(-STEP / 10)


def found(make, curves, loss=FLAT):
    return [f for f in engine.diagnose(make({"train/loss": loss, **curves})).findings if f.code == "ARC503"]


def layers(first):
    return {"grad_norm/0.weight": first, "grad_norm/2.weight": NOISE}


@pytest.mark.parametrize(
    ("norm", "said"),
    [
        (np.where(STEP < 20, NOISE, 0), True),
        (np.where((STEP < 20) | (STEP % 9 == 0), NOISE, 0), True),  # a sample wakes a unit now and then
        (np.where(STEP < 76, NOISE, 0), False),  # a few steps may be skipped
        (np.where(STEP % 3 > 0, NOISE, 0), False),
        (0 * NOISE, False),  # never had one: not connected, or frozen
        (np.where((STEP > 20) & (STEP < 50), 0, NOISE), False),  # it woke up: said, and gone
        (1e-12 * NOISE, False),  # small is not 0
    ],
)
def test_a_gradient_that_is_0_for_good(make, norm, said) -> None:
    assert any(f.healed_at is None for f in found(make, layers(norm))) == said


def test_it_is_said_from_the_step_at_which_it_began(make) -> None:
    (finding,) = found(make, layers(np.where(STEP < 20, NOISE, 0)))
    assert (finding.curve, finding.first) == ("grad_norm/0.weight", 20)
    assert finding.known_at <= 30
    assert finding.evidence["layers"].value == 0.5


def test_a_loss_of_0_has_a_gradient_of_0(make) -> None:
    hinge = np.maximum(2 - 0.1 * STEP, 0)
    assert not found(make, layers(np.where(STEP < 20, NOISE, 0)), hinge)


@pytest.mark.parametrize(
    ("name", "share", "said"),
    [
        ("dead_units_share", 0.1 + 0.5 * STEP / N, True),
        ("layers.3/dead_neurons_frac", 0.1 + 0.5 * STEP / N, True),
        ("train/dead_relu_ratio", 0.1 + 0.5 * STEP / N, True),
        ("dead_units_share", 0.1 + 0.1 * STEP / N, False),
        ("dead_units_share", 0.5 + 0.05 * STEP / N, False),  # from the start on: initialization
        ("dead_units_share", 10 + 50 * STEP / N, False),  # no share but a count
        ("dead_units_share", np.where(STEP % 4, 0.6, 0.1), False),
        ("deadline_ratio", 0.1 + 0.5 * STEP / N, False),
        ("zero_fraction", 0.1 + 0.8 * STEP / N, False),  # zeros among activations are what a ReLU is for
    ],
)
def test_a_share_that_grows(make, name, share, said) -> None:
    assert bool(found(make, {name: share}, FALLS)) == said
