"""A learning rate that came to nothing too early."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(400.0)
LOSS = 0.4 + 1.2 * np.exp(-STEP / 40)


def says(make, lr) -> bool:
    found = engine.diagnose(make({"train/loss": LOSS, "lr": lr * np.ones(400)}), select=["OPT109"])
    return any(f.healed_at is None for f in found.findings)


@pytest.mark.parametrize(
    ("low", "since", "said"),
    [
        (3e-3, 80, True),
        (3e-3, 220, False),  # not for half of the run
        (1e-2, 80, False),  # two steps of a tenth are usual
        (1e-4, 320, True),  # spent
        (1.0, 80, False),
    ],
)
def test_a_rate_cut_to_next_to_nothing_before_half_of_the_run(make, low, since, said) -> None:
    assert says(make, np.where(since > STEP, 1e-2, low * 1e-2)) == said


def test_usual_schedules_are_no_fault(make) -> None:
    cosine = 0.5 + 0.5 * np.cos(np.pi * STEP / 400)
    stairs = 0.1 ** np.searchsorted([120, 240, 360], STEP, side="right")
    for lr in (cosine, stairs, 1 - STEP / 400, 0.99**STEP, 1 / np.sqrt(1 + STEP), 0.0):
        assert not says(make, lr)
