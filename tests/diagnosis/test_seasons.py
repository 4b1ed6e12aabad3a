"""The pattern that a loss repeats in every epoch."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import seasons
from optcli.diagnosis.view import View

STEP = np.arange(200)
NOISE = 0.02 * np.random.default_rng(0).normal(size=200)
WAVE = np.sin(2 * np.pi * STEP / 20)


def seen(make, loss, epochs) -> seasons.Pattern | None:
    return seasons.pattern(View(make({"train/loss": loss}, epochs=epochs), 199.0))


@pytest.mark.parametrize(("height", "certain"), [(0.3, True), (0.0, False)])
def test_height_and_certainty_of_the_mean_epoch(make, height, certain) -> None:
    found = seen(make, 1.0 + height * WAVE + NOISE, STEP[::20])
    assert found is not None
    assert found.certain is certain
    assert found.period == 20
    assert not certain or found.swing == pytest.approx(2 * height, rel=0.25)  # its slope is taken out


@pytest.mark.parametrize("averaged", [True, False])
def test_means_since_the_epoch_began_fall_back_with_each(make, averaged) -> None:
    single = 0.5 + 0.8 * 0.7 ** (STEP // 20) + 0.3 * 0.8 ** (STEP % 20) * averaged + NOISE
    means = np.concatenate([np.cumsum(part) / np.arange(1, 21) for part in single.reshape(10, 20)])
    found = seen(make, means if averaged else 0.2 * (WAVE > 0.9) + single, STEP[::20])
    assert found is not None
    assert found.sure > seasons.SURE
    assert found.certain is not averaged


def test_one_bad_batch_an_epoch_is_high_and_not_broad(make) -> None:
    found = seen(make, 1.0 + 0.5 * (STEP % 20 == 7) + NOISE, STEP[::20])
    assert found is not None
    assert found.certain
    assert found.swing > 0.4
    assert found.broad < 0.1


@pytest.mark.parametrize(
    "epochs",
    [STEP[:0], STEP[::100], STEP[::2]],
    ids=["no epochs", "too few", "too short"],
)
def test_without_epochs_to_compare_there_is_none(make, epochs) -> None:
    assert seen(make, 1.0 + 0.3 * WAVE + NOISE, epochs) is None


def test_a_loss_without_a_number_has_none(make) -> None:
    assert seen(make, np.full(200, np.nan), STEP[::20]) is None


@pytest.mark.parametrize(
    ("ended", "steps", "there"),
    [
        (True, STEP[19::20], True),
        (False, STEP[19::20], False),
        (True, STEP[19::20] + 5 * (STEP[19::20] > 100), False),  # not at equal distances
    ],
)
def test_validations_stand_for_epochs_where_none_are_told(make, ended, steps, there) -> None:
    curves = {"train/loss": 1.0 + 0.3 * WAVE + NOISE, "val/loss": (steps, np.ones(len(steps)))}
    found = seasons.pattern(View(make(curves), 199.0, ended=ended))
    assert (found is not None) is there
    assert found is None or (found.certain and found.period == 20)


@pytest.mark.parametrize(("points", "certain"), [(2000, True), (160, False)])
def test_a_small_share_is_enough_where_it_is_sure(make, points, certain) -> None:
    step = np.arange(points)
    noise = np.random.default_rng(3).normal(size=points)
    loss = 1.0 + 0.3 * np.cos(2 * np.pi * step / 100) + 0.55 * noise
    run = make({"train/loss": loss}, epochs=step[:: 100 if points > 1000 else 20])
    found = seasons.pattern(View(run, points - 1.0))
    assert found is not None
    assert found.certain is certain
    assert not certain or seasons.LITTLE < found.explained < seasons.EXPLAINED


def test_a_pattern_may_come_late(make) -> None:
    """While a net wakes up there is none."""
    step = np.arange(400)
    loss = np.where(step < 200, 2.3 - 0.008 * step, 0.7) + 0.3 * np.cos(2 * np.pi * step / 20) * (step > 210)
    loss += 1.5 * np.random.default_rng(0).normal(size=400) * (step < 210)
    found = seasons.pattern(View(make({"train/loss": loss}, epochs=step[::20]), 399.0))
    assert found is not None
    assert found.certain
    assert found.explained > 0.8
