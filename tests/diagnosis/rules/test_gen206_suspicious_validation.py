"""Validation that is the training loss once more: three different numbers are no chance."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(60)
LOSS = 0.3 + 2 * np.exp(-STEP / 20) + 0.05 * np.random.default_rng(0).normal(size=60)


@pytest.mark.parametrize(
    ("val", "known"),
    [
        (LOSS[9::10], 30),
        (np.round(LOSS, 1)[9::10] + 1e-3, None),
        (LOSS[9::10] * np.where(np.arange(6) == 1, 1.001, 1), None),
    ],
)
def test_a_copy_is_known_at_the_third(make, val, known) -> None:
    found = engine.diagnose(make({"train/loss": LOSS, "val/loss": (STEP[9::10], val)}), select=["GEN206"]).findings
    assert [f.known_at for f in found] == ([] if known is None else [known])


def test_the_same_number_again_and_again_is_no_copy(make) -> None:
    loss = np.where(STEP < 10, 1 - 0.05 * STEP, 0.5)
    found = engine.diagnose(make({"train/loss": loss, "val/loss": (STEP[19::10], loss[19::10])}), select=["GEN206"])
    assert not found.findings


def test_a_copy_is_no_witness_of_swings(make) -> None:
    step = np.arange(400)
    noise = np.random.default_rng(0).normal(size=400)
    loss = 0.7 + 1.6 * np.exp(-step / 20) + 0.3 * np.sin(step / 7) * (step > 60) + 0.03 * noise
    seen = step[9::10]
    for apart, said in ((0.0, False), (0.02, True)):
        curves = {"train/loss": loss[:190], "val/loss": (seen[:19], loss[seen[:19]] + apart)}
        assert bool(engine.diagnose(make(curves), select=["OPT101"]).findings) == said


SEEN = STEP[2::3]
LEARNED = 0.05 + 2 * np.exp(-STEP / 10)


@pytest.mark.parametrize(
    ("change", "val", "said"),
    [
        ({"facts": {"train": 150}}, LEARNED[SEEN], True),
        ({"facts": {"train": 150}}, LEARNED[SEEN] * 0.9, True),
        ({"facts": {"train": 150}}, LEARNED[SEEN] + 0.06, False),  # above it by 3 % of what training lost
        ({"facts": {"train": 150}}, LEARNED[SEEN] + 0.06 * (SEEN == 29), False),  # at one time
        ({"facts": {"train": 300}}, LEARNED[SEEN], False),
        ({"facts": {"train": 150, "task": "regression"}}, LEARNED[SEEN], False),
        ({}, LEARNED[SEEN], False),
        ({"facts": {"train": 150}, "regularizers": {"dropout": {"rate": 0.3}}}, LEARNED[SEEN], False),
        ({"facts": {"train": 150, "mixed": 1}}, LEARNED[SEEN], False),
    ],
)
def test_samples_that_are_learned_by_heart_and_validation_too(make, change, val, said) -> None:
    noise = 0.004 * np.random.default_rng(1).normal(size=60)
    run = make({"train/loss": LEARNED + noise, "val/loss": (SEEN, val)}, config=change)
    seen = [f for f in engine.diagnose(run, select=["GEN206"]).findings if f.severity == "warning"]
    assert bool(seen) is said


def test_a_training_loss_that_stays_high_says_nothing(make) -> None:
    loss = 0.5 + 2 * np.exp(-STEP / 10)
    run = make({"train/loss": loss, "val/loss": (SEEN, loss[SEEN] - 0.01)}, config={"facts": {"train": 150}})
    assert not engine.diagnose(run, select=["GEN206"]).findings
