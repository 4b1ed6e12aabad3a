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


@pytest.mark.parametrize(
    ("seen", "unseen", "val", "said"),
    [
        (0.99, 0.68, 3.5, True),
        (99.0, 68.0, 3.5, True),  # in percent
        (0.99, 0.95, 3.5, False),  # as many are right
        (0.7, 0.4, 3.5, False),  # the training set isn't known by heart
        (0.99, 0.68, 0.08, False),
    ],
)
def test_a_part_of_a_run_whose_training_loss_falls_no_more(make, seen, unseen, val, said) -> None:
    step, noise = np.arange(69, 78), NOISE[:9]
    curves = {"train/loss": 0.035 + 0.004 * noise, "val/loss": val + 0.03 * noise}
    curves |= {"train/accuracy": seen + 0 * noise, "val/accuracy": unseen + 0 * noise}
    run = make({role: (step, value) for role, value in curves.items()}, end="unknown")
    assert bool(engine.diagnose(run, select=["GEN203"]).findings) is said


@pytest.mark.parametrize(("level", "said"), [(0.72, True), (0.3, False)])
def test_a_gap_above_where_training_began_stands_though_both_fall(make, level, said) -> None:
    step, seen = np.arange(300), np.arange(17, 300, 18)
    train = 0.02 + 0.63 * np.exp(-step / 8)
    curves = {"train/loss": train, "val/loss": (seen, level + 0.2 * np.exp(-seen / 30))}
    assert bool(engine.diagnose(make(curves), select=["GEN203"]).findings) is said


@pytest.mark.parametrize(("config", "said"), [({}, True), ({"facts.pretrained": 1}, False)])
def test_a_net_that_was_trained_before_may_know_its_samples_by_heart(make, config, said) -> None:
    train = 0.2 + 0.5 * np.exp(-STEP / 100) + 0.01 * NOISE
    val = 0.45 + 0.25 * np.exp(-SEEN / 100)
    run = make({"train/loss": train, "val/loss": (SEEN, val)}, config=config)
    assert bool(engine.diagnose(run, select=["GEN203"]).findings) is said


@pytest.mark.parametrize(("left", "standing"), [(0.42, True), (0.1, False)])
def test_a_gap_is_over_when_half_of_it_has_closed(make, left, standing) -> None:
    """One that is a little less than what counts is not over by that."""
    train = 0.2 + 1.8 * np.exp(-STEP / 40) + 0.01 * NOISE
    gap = np.interp(SEEN, [0, 280, 300, 400], [0.8, 0.8, left, left])
    curves = {"train/loss": train, "val/loss": (SEEN, 0.2 + 0.9 * np.exp(-SEEN / 40) + gap)}
    (found,) = engine.diagnose(make(curves, end="finished"), select=["GEN203"]).findings
    assert (found.severity, found.healed_at is None) == ("warning" if standing else "info", standing)


@pytest.mark.parametrize(
    ("samples", "left", "falls", "said"),
    [
        (60, 0.0, 0.0, True),
        (6000, 0.0, 0.0, False),
        (60, 0.2, 0.0, False),  # there is something left to learn
        (60, 0.0, 0.1, False),  # validation gets better all the while
    ],
)
def test_a_smaller_gap_counts_where_few_samples_are_known_by_heart(make, samples, left, falls, said) -> None:
    train = left + 1.0 * np.exp(-STEP / 30) + 0.001 * NOISE
    val = left + 0.18 + (0.82 - falls) * np.exp(-SEEN / 30) + falls * (1 - SEEN / 400)
    run = make({"train/loss": train, "val/loss": (SEEN, val)}, config={"facts.train": samples})
    assert bool(engine.diagnose(run, select=["GEN203"]).findings) is said
