"""Swings of the loss, and what may swing without harm."""

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.rules import opt101_oscillating_loss as rule
from optcli.diagnosis.view import View

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


@pytest.mark.parametrize(
    ("batch", "noise", "falls", "said"),
    [(1, 0.6, False, True), (32, 0.6, False, False), (1, 0.2, False, False), (1, 0.6, True, False)],
)
def test_steps_of_one_sample_that_scatter_around_a_level_swing(make, batch, noise, falls, said) -> None:
    step = np.arange(900)
    level = 2.3 - 2.0 * step / 900 if falls else 0.3 + 2.0 * np.exp(-step / 60)
    loss = level + noise * np.random.default_rng(0).normal(size=900)
    found = engine.diagnose(make({"train/loss": loss}, config={"data.batch_size": batch}), select=["OPT101"]).findings
    assert any(f.healed_at is None for f in found) is said


def test_such_swings_are_the_batch_and_not_the_rate(make) -> None:
    loss = 0.3 + 2.0 * np.exp(-np.arange(900) / 60) + 0.6 * np.random.default_rng(0).normal(size=900)
    told = engine.diagnose(make({"train/loss": loss}, config={"data.batch_size": 1}))
    assert {"OPT101", "OPT111"} <= {f.code for f in told.findings}
    assert told.causes[0].name == "batch-too-small"


@pytest.mark.parametrize(
    ("swings", "config", "severity"),
    [
        (STEP > 60, {}, "warning"),
        ((STEP > 60) & (STEP < 200), {}, "info"),  # they are over
        ((STEP > 60) & (STEP < 200), {"optimizer.name": "adam", "optimizer.lr": 0.2}, "warning"),  # and no wonder
    ],
)
def test_swings_that_are_over_are_a_note_unless_the_rate_is_absurd(make, swings, config, severity) -> None:
    loss = 0.7 + 1.6 * np.exp(-STEP / 20) + 0.25 * np.sin(STEP / 7) * swings
    curves = {"train/loss": loss + NOISE, "val/loss": (EPOCH, loss[EPOCH])}
    (found,) = engine.diagnose(make(curves, config=config), select=["OPT101"]).findings
    assert found.severity == severity


def test_one_leap_and_the_way_back_are_no_swings(make) -> None:
    epoch = np.arange(30.0)
    loss = 0.1 + 0.5 * np.exp(-epoch / 5)
    loss[21:] = 0.1 + np.array([2e5, 0.4, 0.33, 0.4, 0.2, 0.3, 0.15, 0.2, 0.05])
    val = loss.copy()
    val[21] = 4.3
    assert not engine.diagnose(make({"train/loss": loss, "val/loss": val}), select=["OPT101"]).findings


@pytest.mark.parametrize(("lr", "said"), [(0.3, True), (1e-3, False)])
def test_at_a_rate_that_no_net_bears_smaller_swings_are_some(make, lr, said) -> None:
    epoch = np.arange(30.0)
    loss = 0.06 + 1.8 * np.exp(-epoch / 2) + 0.045 * np.sin(epoch * 1.3) * (epoch > 6)
    config = {"optimizer.name": "adam", "optimizer.lr": lr}
    run = make({"train/loss": loss, "val/loss": 1.05 * loss + 0.01}, config=config)
    found = engine.diagnose(run, select=["OPT101"]).findings
    assert any(f.healed_at is None for f in found) is said


@pytest.mark.parametrize(
    ("height", "period", "said"),
    [
        (1.2, 10, True),
        (0.3, 10, False),  # DAT405 says that
        (1.2, 13, False),  # not with the epoch
    ],
)
def test_swings_with_every_epoch_count_even_if_the_loss_falls(make, height, period, said) -> None:
    loss = 4.0 - STEP / 160 + height * np.cos(2 * np.pi * STEP / period) + NOISE
    run = make({"train/loss": loss}, epochs=STEP[::10].astype(float))
    found = rule.check(View(run, 399.0))
    assert isinstance(found, list)
    assert any("period" in f.evidence for f in found) is said
    assert not said or engine.diagnose(run).causes[0].name == "data-order"


@pytest.mark.parametrize(("last", "over"), [(1.2, False), (0.7, False), (0.3, True)])
def test_they_are_over_when_they_are_half_as_high(make, last, over) -> None:
    def run(height):
        loss = 4.0 - STEP / 160 + height * np.cos(2 * np.pi * STEP / 10) + NOISE
        return View(make({"train/loss": loss}, epochs=STEP[::10].astype(float)), 399.0)

    (found,) = rule.check(run(1.2))
    assert rule.gone(found, run(last)) is over
    assert rule.passes(found)


@pytest.mark.parametrize(("height", "said"), [(0.02, False), (0.3, True)])
def test_batches_that_wander_alone_are_no_swings_of_the_weights(make, height, said) -> None:
    """What validates the same samples each time stands still, or doesn't."""
    step = np.arange(2000)
    loss = 0.7 + 1.6 * np.exp(-step / 40) + 0.25 * np.sin(step / 60) * (step > 200) + 0.03 * np.tile(NOISE / 0.03, 5)
    seen = step[39::40]
    val = 0.7 + 1.6 * np.exp(-seen / 40) + height * np.sin(seen / 60) * (seen > 200)
    found = engine.diagnose(make({"train/loss": loss, "val/loss": (seen, val)}), select=["OPT101"]).findings
    assert bool(found) is said
    assert rule._calm(View(make({"train/loss": loss, "val/loss": (seen, val)}), 1999.0)) is not said
