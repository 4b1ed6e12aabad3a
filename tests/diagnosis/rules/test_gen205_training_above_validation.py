"""Training made too hard, and training that only adds more up."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(400)
VAL_STEP = STEP[9::10]


@pytest.mark.parametrize(("times", "said"), [(1.0, True), (1.5, True), (3.0, False)])
def test_a_sum_of_several_losses_is_not_compared_with_one(make, times, said) -> None:
    curves = {
        "train/loss": times * (1.7 + 0.6 * np.exp(-STEP / 60)),
        "val/loss": (VAL_STEP, 0.9 + 1.4 * np.exp(-VAL_STEP / 60)),
    }
    found = engine.diagnose(make(curves), select=["GEN205"])
    assert bool(found.findings) == said
    assert ("GEN205" in found.abstained) != said


@pytest.mark.parametrize(("pace", "said"), [(60, True), (400, False)])
def test_mixed_pictures_that_are_still_being_learned_are_not_too_hard(make, pace, said) -> None:
    noise = 0.01 * np.random.default_rng(0).normal(size=400)
    curves = {
        "train/loss": 4.5 + 1.7 * np.exp(-STEP / pace) + noise,
        "val/loss": (VAL_STEP, 1.8 + 3.0 * np.exp(-VAL_STEP / pace)),
    }
    assert bool(engine.diagnose(make(curves), select=["GEN205"]).findings) == said


@pytest.mark.parametrize(
    ("train", "val", "severity"), [(1.6, 0.8, "warning"), (1.2, 0.4, "info"), (1.2, 0.8, None), (0.6, 0.05, None)]
)
def test_what_mixed_pictures_leave_as_well_is_a_note(make, train, val, severity) -> None:
    curves = {
        "train/loss": train + (2.3 - train) * np.exp(-STEP / 40),
        "val/loss": (VAL_STEP, val + (2.3 - val) * np.exp(-VAL_STEP / 40)),
    }
    found = engine.diagnose(make(curves), select=["GEN205"]).findings
    assert [f.severity for f in found] == [severity] * (severity is not None)


@pytest.mark.parametrize(
    ("right", "config", "said"),
    [
        (0.5, {}, True),
        (0.84, {}, False),  # as many are right in training: another loss, as of more negatives in a batch
        (0.5, {"facts.pretrained": 1}, False),
    ],
)
def test_where_training_answers_as_well_nothing_made_it_harder(make, right, config, said) -> None:
    rise = 1 - np.exp(-STEP / 40)
    curves = {
        "train/loss": 1.6 + 0.7 * np.exp(-STEP / 40),
        "val/loss": (VAL_STEP, 0.8 + 1.5 * np.exp(-VAL_STEP / 40)),
        "train/accuracy": right * rise,
        "val/accuracy": (VAL_STEP, 0.85 * rise[VAL_STEP]),
    }
    assert bool(engine.diagnose(make(curves, config=config), select=["GEN205"]).findings) is said
