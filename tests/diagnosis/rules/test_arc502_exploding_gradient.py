"""Gradients that are added up and never set back, and those that are huge from the start."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(60.0)
NOISE = np.random.default_rng(0).normal(size=60)
FALL = 0.3 + 2.0 * np.exp(-STEP / 20) + 0.02 * NOISE


@pytest.mark.parametrize(
    ("norm", "said"),
    [
        (1.0 + 0.6 * STEP, True),  # from the first step on
        (1.0 + 0.6 * np.minimum(STEP, 40), True),
        (0.2 + 0.0025 * STEP**2, False),  # a net that wakes up, from slowly on
        (1.0 + 0.05 * STEP, False),  # a net that wakes up slowly
        (1.0 + 0.6 * np.minimum(STEP, 60 - STEP), False),  # it comes back down
        (np.where(STEP < 8, 1.0, 1.0 + 0.6 * STEP), False),  # not from the start
    ],
)
def test_what_grows_from_the_first_step_on_piles_up(make, norm, said) -> None:
    run = make({"train/loss": FALL, "grad_norm": norm * (1 + 0.01 * NOISE)})
    found = engine.diagnose(run, select=["ARC502"])
    assert ["piled up" in f.message for f in found.findings if f.healed_at is None] == [True] * said
    if said:
        assert found.causes[0].name == "gradients-kept"
        assert found.findings[0].known_at < 30


@pytest.mark.parametrize(("pulls", "said"), [(2, False), (1, True)])
def test_batches_that_pull_at_nothing_have_no_usual_gradient(make, pulls, said) -> None:
    norm = np.where((STEP % pulls == 0) & (pulls > 1), 0.0, 0.3 + 0.01 * NOISE)
    norm[31] = 60.0
    found = engine.diagnose(make({"train/loss": FALL, "grad_norm": norm}), select=["ARC502"]).findings
    assert bool(found) is said


@pytest.mark.parametrize(
    ("norm", "level", "said"),
    [
        (400.0, 6.0, True),
        (30.0, 6.0, False),
        (400.0, 150.0, False),  # a sum over the batch
    ],
)
def test_gradients_of_hundreds_from_the_start(make, norm, level, said) -> None:
    step = np.arange(200)
    curves = {"train/loss": level * (0.2 + 0.8 * np.exp(-step / 50)), "grad_norm": norm * (0.5 + np.exp(-step / 60))}
    found = engine.diagnose(make(curves), select=["ARC502"]).findings
    assert [f.severity for f in found] == ["warning"] * said
    assert not said or (found[0].first, found[0].known_at) == (0, 4)
