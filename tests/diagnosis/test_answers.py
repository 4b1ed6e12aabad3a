"""What accuracies tell that don't move, or that are as good as a guess."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import answers, engine
from optcli.diagnosis.view import View

NOISE = np.random.default_rng(0).normal(size=12)
MIDDLE = np.arange(700.0, 1900.0, 100.0)


@pytest.mark.parametrize(
    ("loss", "share", "said"),
    [
        (0.722, 0.497, True),
        (2.30, 0.1, True),
        (0.35, 0.497, False),  # better odds than the answers: it knows when it knows
        (1.7, 0.4, False),  # better answers than the odds
        (0.1, 0.9, False),  # that is learned
    ],
)
def test_equal_odds_are_seen_in_a_piece_from_the_middle(make, loss, share, said) -> None:
    curves = {"train/loss": (MIDDLE, loss + 0.001 * NOISE), "train/accuracy": (MIDDLE, share + 0.01 * NOISE)}
    told = engine.diagnose(make(curves), select=["OPT104"])
    assert bool(told.findings) is said
    assert told.status == ("ill" if said else "unknown")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_answer_right_and_all_of_them_are_no_odds(make, share) -> None:
    curves = {"train/loss": (MIDDLE, 0.5 + 0.001 * NOISE), "train/accuracy": (MIDDLE, np.full(12, share))}
    assert answers.equal_odds(View(make(curves), MIDDLE[-1], ended=True)) is None


def test_percentages_are_the_same_as_fractions(make) -> None:
    for unit in (1.0, 100.0):
        run = make({"train/loss": 0.722 + 0.001 * NOISE, "train/accuracy": unit * (0.497 + 0.01 * NOISE)})
        assert answers.equal_odds(View(run, 11.0, ended=True)) == pytest.approx(0.699, abs=0.02)


def test_a_validation_accuracy_that_moves_is_no_constant(make) -> None:
    run = make({"train/loss": 1.4 + 0.001 * NOISE, "val/accuracy": 0.225 + 0.001 * NOISE})
    assert answers.constant(View(run, 11.0, ended=True)) is None
    still = make({"train/loss": 1.4 + 0.001 * NOISE, "val/accuracy": np.full(12, 0.225)})
    found = answers.constant(View(still, 11.0, ended=True))
    assert found is not None
    assert found.name == "val/accuracy"


THROWN = np.array([31000.0, 4000.0, 900.0, 300.0, 80.0, 20.0, 9.0, 4.0, 3.1, 2.6, 2.5, 2.4])


@pytest.mark.parametrize(
    ("curves", "many"),
    [
        ({"val/loss": 2.4 + 0.04 * NOISE, "val/accuracy": 0.1 + 0.002 * NOISE}, 10),
        ({"val/accuracy": 10.0 + 0.2 * NOISE}, 10),  # in percent
        ({"train/accuracy": 0.1 + 0.01 * NOISE, "val/accuracy": 0.1 + 0.002 * NOISE}, 10),
        ({"train/accuracy": 0.5 + 0.03 * NOISE, "val/accuracy": 0.1 + 0.002 * NOISE}, None),  # learned by heart
        ({"val/loss": 2.1 + 0.04 * NOISE, "val/accuracy": 0.1 + 0.002 * NOISE}, None),  # better than a guess
        ({"val/accuracy": 0.33 + 0.002 * NOISE}, None),  # of text: a third right at such a loss
        ({"val/accuracy": np.linspace(0.09, 0.12, 12)}, None),  # it rises
        ({"val/accuracy": 0.95 + 0.002 * NOISE}, None),
        ({}, None),
    ],
)
def test_a_whole_run_of_guesses_wherever_its_loss_came_from(make, curves, many) -> None:
    run = make({"train/loss": THROWN, **curves})
    found = answers.never_better(View(run, 11.0, ended=True))
    assert (found[1] if found else None) == many
    said = engine.diagnose(run, select=["OPT104"]).findings
    assert bool(said) is (many is not None)
    assert not said or "a guess among 10 in all of 12 points" in said[0].message


@pytest.mark.parametrize(
    ("share", "low", "unit", "said"),
    [
        (0.8675, 0.392, 1.0, True),  # 0.391 is what knowing the shares of two classes earns
        (0.8675, 0.392, 100.0, True),
        (0.8675, 0.33, 1.0, False),  # it knows more: only no sample has changed sides
        (0.8675, 0.45, 1.0, False),  # it knows less, but learns
        (0.97, 0.135, 1.0, False),  # that good it may well be
        (0.45, 0.688, 1.0, False),  # more than two classes
    ],
)
def test_the_odds_of_two_classes_are_all_that_was_learned(make, share, low, unit, said) -> None:
    loss = low + 0.3 * 0.5 ** np.arange(12.0)
    right = np.full(12, unit * share)
    curves = {"train/loss": 0.9 * loss + 0.02 * NOISE, "val/loss": loss, "val/accuracy": right}
    seen = answers.by_prior(View(make(curves), 11.0, ended=True))
    assert (seen is not None) is said
    found = engine.diagnose(make(curves), select=["OPT104"]).findings
    assert any("one answer is given to everything" in f.message for f in found) is said


def test_a_rate_that_threw_the_run_off_is_named_first(make) -> None:
    thrown = engine.diagnose(make({"train/loss": THROWN, "val/accuracy": 0.1 + 0.002 * NOISE}))
    assert thrown.causes[0].name == "learning-rate-too-high"
    level = engine.diagnose(make({"train/loss": 2.4 + 0.001 * NOISE, "val/accuracy": 0.1 + 0.002 * NOISE}))
    assert level.causes[0].name == "not-connected"


@pytest.mark.parametrize("share", [-1e308, -0.5, 1e308])
def test_numbers_that_can_be_no_accuracy_are_none(make, share) -> None:
    curves = {"train/loss": 1.4 + 0.001 * NOISE} | dict.fromkeys(("train/accuracy", "val/accuracy"), np.full(12, share))
    assert answers.constant(View(make(curves), 11.0, ended=True)) is None


@pytest.mark.parametrize(
    ("batches", "fall", "said"),
    [
        (0.667, 0.05, True),
        (0.85, 0.05, False),  # training answers differ
        (0.667, 0.6, False),  # it learns
    ],
)
def test_training_accuracies_of_single_batches_may_scatter_round_the_one_answer(make, batches, fall, said) -> None:
    step, noise = np.arange(400), np.random.default_rng(1).normal(size=400)
    curves = {
        "train/loss": 0.69 - fall * (1 - np.exp(-step / 60)) + 0.05 * noise,
        "train/accuracy": batches + 0.1 * noise,
        "val/accuracy": (step[19::20], np.full(20, 0.66667)),
    }
    found = answers.constant(View(make(curves), 399.0, ended=True))
    assert (found is not None) is said


@pytest.mark.parametrize(
    ("first", "config", "level"),
    [
        (0.58, {"facts.task": "classification", "facts.outputs": 2}, np.log(2)),  # an easy first batch
        (2.0, {"facts.task": "classification", "facts.outputs": 2}, np.log(2)),
        (0.7, {"facts.task": "classification", "facts.outputs": 2}, 0.7),
        (0.58, {"facts.task": "regression", "facts.target_variance": 1.0}, 0.58),
        (0.58, {}, 0.58),
    ],
)
def test_an_untrained_model_guesses_where_the_number_of_classes_is_known(make, first, config, level) -> None:
    loss = np.append(first, 0.62 + 0.05 * np.random.default_rng(0).normal(size=30))
    assert answers.untrained(View(make({"train/loss": loss}, config=config), 30.0)) == pytest.approx(level)
