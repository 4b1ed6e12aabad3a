"""A level that was lost again."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(400.0)
NOISE = 0.01 * np.random.default_rng(0).normal(size=400)


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (np.full(250, 1.9), True),
        (np.full(250, 0.5), False),  # a little is lost
        (1.9 * np.exp(-np.arange(250) / 80), False),  # it comes back
    ],
)
def test_flat_far_above_a_level_that_was_reached(make, later, said) -> None:
    loss = np.concatenate([0.3 + 2.0 * np.exp(-STEP[:150] / 30), later]) + NOISE
    found = engine.diagnose(make({"train/loss": loss}), select=["OPT105"]).findings
    assert [f.severity for f in found if "come down" in f.message] == ["warning"] * said
