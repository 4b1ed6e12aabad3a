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


FALLEN = 0.9 + 1.2 * np.exp(-np.minimum(STEP, 100) / 40) + 0.02 * np.random.default_rng(0).normal(size=400)
SEEN = STEP[9::10]
HELD = 1.0 + 1.2 * np.exp(-np.minimum(SEEN, 100) / 40)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, True),
        ({"val/loss": (SEEN, HELD + 1e-4 * (SEEN % 20))}, False),  # it moves
        ({"val/loss": (SEEN, np.where(SEEN > 300, 1.1, 1.2 + SEEN / 1e4))}, False),  # it has stood still for a quarter
        ({"train/loss": 0 * STEP + FALLEN[-1] + 0.02 * np.sin(STEP)}, False),  # nothing was ever learned
        ({"train/loss": FALLEN - 0.9 * np.minimum(STEP, 300) / 300}, False),  # training goes on: something else is seen
        ({"lr": 0 * STEP + 1e-2}, False),  # the rate is known, and it is none
        (
            {"val/accuracy": (SEEN, np.minimum(SEEN / 90, 1.0))},
            False,
        ),  # all is right: label smoothing keeps the loss up
        ({"val/accuracy": (SEEN, np.minimum(SEEN / 90, 0.8))}, True),
    ],
)
def test_weights_that_moved_and_do_not_any_more(make, change, said) -> None:
    curves = {"train/loss": FALLEN, "val/loss": (SEEN, HELD)} | change
    found = engine.diagnose(make(curves), select=["OPT109"]).findings
    assert bool(found) is said


def test_a_net_that_knows_its_samples_has_nothing_left_to_move_it(make) -> None:
    known = np.maximum(2.0 * np.exp(-STEP / 5), 1e-9)
    val = np.maximum(1.0 - SEEN / 100, 0.5)
    assert not engine.diagnose(make({"train/loss": known, "val/loss": (SEEN, val)}), select=["OPT109"]).findings


def test_its_cause_is_the_schedule(make) -> None:
    diagnosis = engine.diagnose(make({"train/loss": FALLEN, "val/loss": (SEEN, HELD)}))
    assert diagnosis.causes[0].name == "schedule-ended-early"


def test_a_rate_of_next_to_nothing_still_changes_the_last_digit(make) -> None:
    crept = HELD - 1e-5 * (SEEN > 300)
    found = engine.diagnose(make({"train/loss": FALLEN, "val/loss": (SEEN, crept)}), select=["OPT109"]).findings
    assert [f.healed_at for f in found] == [None]


def test_what_comes_to_rest_by_itself_was_not_cut_off(make) -> None:
    rest = np.round(0.5 + 1.2 * np.exp(-SEEN / 12), 4)
    curves = {"train/loss": 0.45 + 1.2 * np.exp(-STEP / 12) + 0.01 * np.sin(7 * STEP), "val/loss": (SEEN, rest)}
    assert not engine.diagnose(make(curves), select=["OPT109"]).findings


@pytest.mark.parametrize(("left", "said"), [(0.3, True), (0.002, False), (-0.5, True)])
def test_a_rate_that_ends_when_nothing_is_left_to_learn_was_not_cut_off(make, left, said) -> None:
    """A loss that goes below 0 is never done."""
    loss = left + 2.0 * np.exp(-STEP / 15)
    lr = 3e-3 * np.maximum(1 - STEP / 160, 1e-6)
    assert bool(engine.diagnose(make({"train/loss": loss, "lr": lr}), select=["OPT109"]).findings) is said


def test_a_rate_that_once_leapt_up_makes_the_usual_one_no_low_one(make) -> None:
    lr = np.where((STEP > 180) & (STEP < 190), 3.0, 3e-3)
    assert not says(make, lr)


@pytest.mark.parametrize(
    ("ends", "factors", "said"),
    [
        ([60, 75, 100, 110, 125], [0.1] * 5, False),  # whenever validation stood still
        ([25, 50, 75, 100, 125], [0.1] * 5, True),  # a staircase, of epochs taken for steps
        ([60, 75, 100, 110, 125], [0.1, 0.5, 0.1, 0.2, 0.1], True),
        ([60, 75, 100, 110, 125], [0.1] * 4 + [0.0], True),
        ([60, 75], [0.01] * 2, True),
    ],
)
def test_a_rate_that_is_cut_whenever_the_loss_stands_still_is_no_fault(make, ends, factors, said) -> None:
    lr = np.full(400, 1e-3)
    for end, factor in zip(ends, factors, strict=True):
        lr[2 * end :] *= factor
    assert says(make, lr) is said
