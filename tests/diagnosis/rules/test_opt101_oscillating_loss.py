"""Swings of the loss, and what may swing without harm."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(400)
EPOCH = STEP[9::10]
LOSS = 0.7 + 1.6 * np.exp(-STEP / 20) + 0.12 * np.sin(STEP / 7) * (STEP > 60)
NOISE = 0.03 * np.random.default_rng(0).normal(size=400)


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (0.4 + 0.01 * np.sin(7.0 * EPOCH), True),
        (0.8 - 0.7 * np.exp(-EPOCH / 200), False),  # more and more is found
        (0.8 - 0.7 * np.exp(-EPOCH / 10), True),  # it was, long ago
    ],
)
def test_a_loss_of_boxes_may_wander_while_more_are_found(make, score, said) -> None:
    curves = {"train/loss": LOSS + NOISE, "val/loss": (EPOCH, LOSS[EPOCH]), "val/map50_b": (EPOCH, score)}
    assert bool(engine.diagnose(make(curves), select=["OPT101"]).findings) is said
