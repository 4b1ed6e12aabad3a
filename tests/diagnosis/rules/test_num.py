"""Losses that a task does not allow, and steps that are skipped."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 400
STEP = np.arange(N)
NOISE = np.random.default_rng(0).normal(size=N)
FALL = np.exp(-STEP / 30)
TEN = {"facts": {"task": "classification", "outputs": 10}}


def found(run, code):
    return next((f for f in engine.diagnose(run, select=[code]).findings if f.healed_at is None), None)


@pytest.mark.parametrize("config", [TEN, {}])
def test_softmax_applied_twice_is_known_by_its_floor(make, config) -> None:
    curves = {"train/loss": 1.475 + 0.828 * FALL + 0.003 * NOISE, "train/accuracy": 0.98 - 0.88 * FALL}
    seen = found(make(curves, config=config), "NUM305")
    assert (seen.severity, seen.evidence["classes"].value) == ("warning", 10)


@pytest.mark.parametrize(
    ("floor", "accuracy"),
    [
        (1.475, 0.6),  # not right enough to tell
        (1.2, 0.98),  # below the floor
        (1.8, 0.98),  # above it
        (0.5, 0.98),  # label smoothing
    ],
)
def test_a_floor_of_another_kind(make, floor, accuracy) -> None:
    curves = {"train/loss": floor + (2.303 - floor) * FALL, "train/accuracy": accuracy - (accuracy - 0.1) * FALL}
    assert found(make(curves, config=TEN), "NUM305") is None


def test_a_loss_that_passes_by_the_floor(make) -> None:
    slow = {"train/loss": 2.303 - 0.0021 * STEP, "train/accuracy": np.minimum(0.1 + 0.01 * STEP, 0.97)}
    assert found(make(slow, config=TEN), "NUM305") is None


def test_two_classes_are_too_few(make) -> None:
    two = {"facts": {"task": "classification", "outputs": 2}}
    curves = {"train/loss": 0.33 + 0.36 * FALL, "train/accuracy": 0.98 - 0.48 * FALL}
    assert found(make(curves, config=two), "NUM305") is None


@pytest.mark.parametrize(
    ("start", "config", "said"),
    [
        (9.0, TEN, True),
        (4.0, TEN, False),
        (9.0, {}, False),
        (30.0, {"facts": {"task": "regression", "target_variance": 1.0}}, True),
        (5.0, {"facts": {"task": "regression", "target_variance": 1.0}}, False),
    ],
)
def test_a_start_far_above_a_guess_is_good_to_know(make, start, config, said) -> None:
    seen = found(make({"train/loss": 0.1 + (start - 0.1) * FALL}, config=config), "NUM305")
    assert (seen is not None) == said
    if seen is not None:
        assert seen.severity == "info"


@pytest.mark.parametrize(
    ("skipped", "said"),
    [
        ((STEP, (STEP % 10 == 0) * 1.0), True),  # a mark for each step
        ((STEP[::10], STEP[::10] * 0.1), True),  # a total
        ((STEP[::10], np.ones(40)), True),  # only where there were some
        ((STEP[:18], np.ones(18)), False),  # the search for the first scale
        ((STEP, np.minimum(STEP, 40.0)), False),  # over
        ((STEP, np.zeros(N)), False),
        ((STEP, -np.ones(N)), False),
        ((STEP, (STEP % 100 == 0) * 1.0), False),
    ],
)
def test_skipped_steps_are_counted(make, skipped, said) -> None:
    run = make({"train/loss": 0.2 + 2.1 * FALL, "skipped_steps": skipped})
    assert (found(run, "NUM303") is not None) == said


@pytest.mark.parametrize(
    ("val", "end", "said"),
    [
        ([np.nan], "finished", True),
        ([0.9, 0.7, np.nan], "finished", True),
        ([0.9, 0.7, np.nan], "running", False),  # it may recover
        ([0.9, np.nan, 0.7], "finished", False),
        ([0.9, 0.7, np.inf], "finished", False),
    ],
)
def test_a_last_validation_that_is_nan_is_enough(make, val, end, said) -> None:
    step = np.arange(len(val)) * 10 + 10
    run = make({"train/loss": np.linspace(2, 1, 40), "val/loss": (step, np.array(val))}, end=end)
    assert bool(engine.diagnose(run, select=["NUM301"]).findings) is said


@pytest.mark.parametrize(("scale", "said"), [(None, True), ([1.0] * 3, True), ([4.0, 2.0, 1.0], False)])
def test_gradients_are_judged_without_a_loss_and_beside_a_scale_that_stands_still(make, scale, said) -> None:
    curves = {"grad_norm": np.full(3, np.nan)} | ({"loss_scale": np.array(scale)} if scale else {})
    diagnosis = engine.diagnose(make(curves))
    assert [f.code for f in diagnosis.findings] == ["NUM302"] * said
    assert diagnosis.status == ("ill" if said else "unknown")


FALLING = 0.8 + 1.5 * FALL + 0.02 * NOISE
ZEROS = np.zeros(N)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.where(STEP < 80, FALLING, 0.0), True),
        (np.where(STEP < 1, 122.0, 0.0), True),
        (np.where(STEP < N - 4, FALLING, 0.0), False),  # four zeros
        (np.where((STEP < 80) | (STEP > 300), FALLING, 0.0), False),  # it comes back
        (np.round(2 * np.exp(-STEP / 8), 4), False),  # small before it is 0
        (ZEROS, False),
    ],
)
def test_zeros_at_once_and_for_good_hide_a_nan_where_no_gradient_is_logged(make, values, said) -> None:
    seen = found(make({"train/loss": values}), "NUM304")
    assert (seen is not None) == said
    assert not said or seen.confidence < 0.9


def test_zeros_with_a_gradient_that_is_finite_hide_nothing(make) -> None:
    curves = {"train/loss": np.where(STEP < 80, FALLING, 0.0), "grad_norm": 1 + 0.1 * NOISE}
    assert found(make(curves), "NUM304") is None


def test_a_score_that_is_perfect_at_once_hides_nothing(make) -> None:
    assert found(make({"val/accuracy": np.where(STEP < 80, 0.6, 1.0)}), "NUM304") is None


ROWS = np.arange(14.0)
FELL = np.concatenate([np.linspace(0.1, 0.9, 8), np.full(6, 0.1)])


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        ({"train/loss": (ROWS[:8], 2.3 - 0.2 * ROWS[:8]), "val/accuracy": (ROWS, FELL)}, True),
        ({"val/loss": (ROWS[:8], 2.3 - 0.2 * ROWS[:8]), "val/accuracy": (ROWS, FELL)}, True),
        ({"train/loss": (ROWS[:8], 2.3 - 0.2 * ROWS[:8]), "val/accuracy": (ROWS[:10], FELL[:10])}, False),
        ({"train/loss": (ROWS[:8], 2.3 - 0.2 * ROWS[:8]), "val/accuracy": (ROWS + 0.5, FELL)}, False),
        ({"train/loss": (ROWS[:8], 2.3 - 0.2 * ROWS[:8]), "val/accuracy": (ROWS, np.linspace(0.1, 0.9, 14))}, False),
        (
            {
                "train/loss": (ROWS[:8], 2.3 - 0.2 * ROWS[:8]),
                "val/loss": (ROWS, 2.3 - 0.1 * ROWS),
                "val/accuracy": (ROWS, FELL),
            },
            False,
        ),
    ],
    ids=["of training", "of validation", "two rows", "other rows", "it gets better", "one loss goes on"],
)
def test_losses_that_are_missing_where_the_accuracy_goes_on(make, curves, said) -> None:
    assert [f.code for f in engine.diagnose(make(curves), select=["NUM304"]).findings] == ["NUM304"] * said
