"""Validation that turns while training, far above it, falls on: labels that are learned by heart."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 600
STEP = np.arange(N)
NOISE = np.random.default_rng(0).normal(size=N)
SEEN = STEP[9::10]


def found(make, *, rise=0.15, above=0.7, falls=0.5, select=("GEN201",), **rest):
    train = 1.0 + above + 0.8 * np.exp(-STEP / 30) - falls * STEP / N + 0.05 * NOISE
    val = 1.0 + 1.4 * np.exp(-SEEN / 30) + rise * (SEEN / N) ** 2 + 0.003 * NOISE[SEEN]
    return engine.diagnose(make({"train/loss": train, "val/loss": (SEEN, val)}, **rest), select=list(select))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, True),
        ({"rise": 0.01}, False),
        ({"above": 0.05, "falls": 0.1, "rise": 0.05}, False),  # side by side: a rise that small is none
        ({"falls": 0.05}, False),  # training stands still: the set is hard, or noise is added to it
    ],
)
def test_all_of_three_signs_are_needed(make, how, said) -> None:
    assert bool(found(make, **how).findings) == said


def test_its_cause_is_wrong_labels(make) -> None:
    diagnosis = found(make)
    assert diagnosis.findings[0].evidence["above"].value > 0.1
    assert diagnosis.causes[0].name == "label-noise"


@pytest.mark.parametrize(
    ("train", "val", "end", "said"),
    [
        ([0.31, 0.20, 0.14], [0.25, 0.29, 0.38], "finished", True),
        ([0.31, 0.20, 0.14], [0.25, 0.29, 0.38], "running", False),
        ([0.31, 0.20, 0.14], [0.25, 0.26, 0.28], "finished", False),  # a little
        ([0.31, 0.20, 0.14], [0.25, 0.24, 0.38], "finished", False),  # once
        ([0.31, 0.30, 0.29], [0.25, 0.29, 0.38], "finished", False),  # training stands still
        ([0.5, 0.31, 0.20, 0.14], [0.3, 0.25, 0.29, 0.38], "finished", True),
        ([0.5, 0.31, 0.20, 0.14], [0.25, 0.30, 0.29, 0.38], "finished", False),  # up and down
    ],
)
def test_three_epochs_can_be_plain_enough(make, train, val, end, said) -> None:
    run = make({"train/loss": train, "val/loss": val}, end=end)
    assert bool(engine.diagnose(run, select=["GEN201"]).findings) is said


def test_noise_does_not_hide_a_rise_that_every_later_validation_shows(make) -> None:
    train = [0.467, 0.378, 0.341, 0.313, 0.277, 0.232, 0.18, 0.135, 0.1, 0.095, 0.06, 0.06, 0.042, 0.04, 0.037]
    val = [0.36, 0.285, 0.275, 0.257, 0.265, 0.284, 0.321, 0.343, 0.34, 0.5, 0.39, 0.6, 0.47, 0.63, 0.61]
    (found,) = engine.diagnose(make({"train/loss": train, "val/loss": val}), select=["GEN201"]).findings
    assert found.healed_at is None
    level = [0.36, 0.285, 0.275, 0.257, 0.34, 0.24, 0.33, 0.25, 0.34, 0.26, 0.33, 0.25, 0.34, 0.26, 0.33]
    assert not engine.diagnose(make({"train/loss": train, "val/loss": level}), select=["GEN201"]).findings


@pytest.mark.parametrize(("rise", "said"), [(0.5, True), (0.0, False)])
def test_a_line_through_many_noisy_validations_that_goes_up_is_a_rise(make, rise, said) -> None:
    seen = STEP[24::25]
    train = 0.3 + 2.0 * np.exp(-STEP / 50) - 0.1 * STEP / N + 0.02 * NOISE
    noise = 0.13 * np.random.default_rng(4).normal(size=len(seen))
    val = 0.75 + 1.5 * np.exp(-seen / 30) + rise * seen / N + noise
    curves = {"train/loss": train, "val/loss": (seen, val)}
    assert bool(engine.diagnose(make(curves), select=["GEN201"]).findings) is said


@pytest.mark.parametrize(("rise", "said"), [(0.37, True), (0.1, False)])
def test_a_huge_first_loss_does_not_hide_a_rise(make, rise, said) -> None:
    epoch = np.arange(18)
    train = [6.16, 2.81, *(2.47 + 0.18 * np.exp(-epoch / 3) - 0.002 * epoch)]
    val = [2.63, 2.53, *(2.48 + rise * epoch / 17)]
    found = engine.diagnose(make({"train/loss": train, "val/loss": val}), select=["GEN201"]).findings
    assert bool(found) is said


@pytest.mark.parametrize(
    ("val", "said"),
    [
        ([0.581, 0.062, 0.093, 0.187, 0.392], True),
        ([0.581, 0.062, 0.093, 0.187, 0.071], False),
        ([0.581, 0.062, 0.063, 0.066, 0.07], False),
    ],
)
def test_a_first_validation_that_is_far_off_hides_no_plain_rise(make, val, said) -> None:
    run = make({"train/loss": [0.185, 0.041, 0.033, 0.023, 0.03], "val/loss": val}, end="finished")
    assert bool(engine.diagnose(run, select=["GEN201"]).findings) is said


@pytest.mark.parametrize(("val", "said"), [([0.75, 0.8, 1.2, 1.4, 1.5], True), ([0.75, 0.8, 1.2, 1.1, 1.5], False)])
def test_five_validations_that_all_rise_are_enough(make, val, said) -> None:
    curves = {"train/loss": [0.54, 0.46, 0.31, 0.25, 0.21], "val/loss": val}
    assert bool(engine.diagnose(make(curves, end="finished"), select=["GEN201"]).findings) is said


@pytest.mark.parametrize(
    ("right", "val", "said"),
    [
        (0.9 - 0.1 * np.clip((SEEN - 200) / 400, 0, 1), 0.6 + 0 * SEEN, True),
        (0.9 - 0.02 * np.clip((SEEN - 200) / 400, 0, 1), 0.6 + 0 * SEEN, False),  # as healthy runs lose
        (0.9 - 0.1 * np.clip((SEEN - 200) / 400, 0, 1), 1.6 - SEEN / N, False),  # the loss gets better all the while
        (0.5 - 0.1 * SEEN / N, 0.6 + 0 * SEEN, False),  # it never rose
    ],
)
def test_validation_accuracy_that_goes_down_again(make, right, val, said) -> None:
    train = 0.3 + 2.0 * np.exp(-STEP / 60) + 0.9 * (1 - STEP / N) + 0.02 * NOISE
    right = np.where(SEEN < 100, 0.5 * right + 0.5 * right * SEEN / 100, right) if right[0] > 0.6 else right
    curves = {"train/loss": train, "val/loss": (SEEN, val + np.exp(-SEEN / 60)), "val/accuracy": (SEEN, right)}
    found = engine.diagnose(make(curves), select=["GEN201"]).findings
    assert [f.curve for f in found] == ["val/accuracy"] * said


def test_that_is_how_wrong_labels_are_learned_by_heart(make) -> None:
    train = 0.3 + 1.2 * np.exp(-STEP / 60) + 0.9 * (1 - STEP / N) + 0.02 * NOISE
    right = 0.9 * (1 - np.exp(-SEEN / 30)) - 0.12 * np.clip((SEEN - 200) / 400, 0, 1)
    curves = {"train/loss": train, "val/loss": (SEEN, 0.8 + np.exp(-SEEN / 60)), "val/accuracy": (SEEN, right)}
    assert engine.diagnose(make(curves)).causes[0].name == "label-noise"


@pytest.mark.parametrize(("height", "severity"), [(0.3, "info"), (2.5, "warning")])
def test_a_rise_that_is_over_is_a_note_unless_it_was_as_large_as_the_gain(make, height, severity) -> None:
    train = 0.3 + 1.0 * np.exp(-STEP / 60) - 0.2 * STEP / N + 0.01 * NOISE
    hill = height * np.clip(1 - np.abs(SEEN - 330) / 150, 0, 1)
    val = 0.5 + 1.0 * np.exp(-SEEN / 60) - 0.1 * SEEN / N + hill
    curves = {"train/loss": train, "val/loss": (SEEN, val)}
    (found,) = engine.diagnose(make(curves, end="finished"), select=["GEN201"]).findings
    assert (found.severity, found.healed_at is not None) == (severity, True)


@pytest.mark.parametrize(("left", "healed"), [(0.05, False), (0.01, True)])
def test_a_rise_is_over_when_half_of_it_is_made_up_for(make, left, healed) -> None:
    """One that is a little less than what counts is not over by that."""
    train = 0.3 + 1.0 * np.exp(-STEP / 40) - 0.2 * STEP / N + 0.01 * NOISE
    risen = np.interp(SEEN, [0, 150, 250, 400, 500, N], [0, 0, 0.09, 0.09, left, left])
    curves = {"train/loss": train, "val/loss": (SEEN, 0.5 + np.exp(-SEEN / 30) + risen + 0.001 * NOISE[SEEN])}
    (found,) = engine.diagnose(make(curves, end="finished"), select=["GEN201"]).findings
    assert (found.healed_at is not None) is healed


def test_an_accuracy_that_was_never_above_0_has_lost_no_share_of_it(make) -> None:
    right = np.where(SEEN < 100, 0.0, -1.0) - 0.5 * (SEEN < 30)
    seen = {"val/loss": (SEEN, 1.0 + 0.003 * NOISE[SEEN]), "val/accuracy": (SEEN, right)}
    assert not engine.diagnose(
        make({"train/loss": 0.02 + 2.2 * np.exp(-STEP / 100), **seen}), select=["GEN201"]
    ).findings
