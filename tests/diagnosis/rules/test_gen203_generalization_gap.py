"""A gap that a few passes of fine-tuning leave, and one that is too large for that."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(400)
SEEN = STEP[19::20]
NOISE = np.random.default_rng(0).normal(size=400)


@pytest.mark.parametrize(
    ("end", "rise", "said"),
    [
        (1.6, 0.0, False),  # a fifth of the start level below validation, which holds
        (1.3, 0.0, True),
        (1.6, 0.1, True),  # validation rises
    ],
)
def test_little_gained_asks_for_a_larger_gap(make, end, rise, said) -> None:
    train = 2.2 + (end - 2.2) * STEP / 400 + 0.01 * NOISE
    val = 2.0 + rise * SEEN / 400 + 0.005 * NOISE[SEEN]
    found = engine.diagnose(make({"train/loss": train, "val/loss": (SEEN, val)}), select=["GEN203"]).findings
    assert bool(found) == said
