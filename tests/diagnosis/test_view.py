"""What the rules see."""

import math

import numpy as np
import pytest

from optcli.diagnosis.view import View


def test_nothing_after_the_rung_can_be_seen(make, fall) -> None:
    run = make({"train/loss": fall, "val/loss": (np.arange(9, 400, 10), fall[9::10])}, epochs=np.arange(0, 400, 50))
    view = View(run, 120)
    assert view.loss.n == 121
    assert view.val is not None
    assert view.val.step[-1] == 119
    assert view.epochs.tolist() == [0, 50, 100]
    assert view.points("val/loss") == 12
    assert view.series("grad_norm") is None


def test_share_of_the_plan(make, fall) -> None:
    assert View(make({"train/loss": fall}, planned=800), 399).share == pytest.approx(0.5, abs=0.01)
    assert math.isnan(View(make({"train/loss": fall}), 399).share)
    assert View(make({"train/loss": fall}), 399, ended=True).share == 1


@pytest.mark.parametrize(
    ("facts", "chance"),
    [
        ({"task": "classification", "outputs": 10}, math.log(10)),
        ({"task": "language", "outputs": 65}, math.log(65)),
        ({"task": "regression", "outputs": 1, "target_variance": 2.5}, 2.5),
        ({"task": "classification", "outputs": 1}, None),
        ({}, None),
    ],
)
def test_chance_level_comes_from_the_configuration(make, fall, facts, chance) -> None:
    assert View(make({"train/loss": fall}, config={"facts": facts}), 10).chance == chance


def test_broken_begins_one_point_after_the_nan(make) -> None:
    run = make({"train/loss": [2, 1, np.nan, 1, 1]})
    assert [View(run, at).broken for at in range(5)] == [False, False, False, True, True]
    assert not View(make({"train/loss": [2, np.inf, 1, 1]}), 3).broken


def test_rate_change_compares_with_the_rate_before(make) -> None:
    run = make({"train/loss": np.ones(100), "lr": np.where(np.arange(100) < 50, 0.1, 6.0)})
    assert View(run, 99).lr_change(52, 10) == pytest.approx(60)
    assert View(run, 99).lr_change(30, 10) == pytest.approx(1)
    assert math.isnan(View(make({"train/loss": [1.0]}), 0).lr_change(0, 1))


def test_figures_that_are_not_finite_are_left_out(make) -> None:
    view = View(make({"train/loss": [1.0]}), 0)
    found = view.finding(
        "opt101_oscillating_loss", "warning", "x", 0, 7.0, "m", a=(1.0, "1"), b=(math.nan, "1"), c=(math.inf, "1")
    )
    assert set(found.evidence) == {"a"}
    assert found.confidence == 0.99
    assert (found.code, found.name) == ("OPT101", "oscillating-loss")


@pytest.mark.parametrize(("dead", "spent"), [(200, 200.0), (398, None), (400, None)])
def test_the_rate_is_spent_where_next_to_nothing_is_left_for_good(make, fall, dead: int, spent: float | None) -> None:
    rate = np.where(np.arange(400) < dead, 1e-3, 1e-8)
    assert View(make({"train/loss": fall, "lr": rate}), 399).spent == spent
    assert View(make({"train/loss": fall, "lr": np.zeros(400)}), 399).spent is None


def test_a_point_for_each_validation_is_a_log_by_epoch(make, fall) -> None:
    epochs = {"train/loss": fall[::20], "val/loss": fall[::20]}
    assert View(make(epochs), 399).by_epoch
    assert not View(make({"train/loss": fall, "val/loss": fall[::20]}), 399).by_epoch


def test_chance_is_bounded_by_the_accuracy_at_the_start(make, fall) -> None:
    accuracy = np.linspace(0.1, 0.9, 400)
    guess = View(make({"train/loss": fall, "train/accuracy": accuracy}), 399)
    assert guess.chance is None
    assert guess.chance_at_most == pytest.approx(np.log(20), rel=0.1)
    known = {"facts.task": "classification", "facts.outputs": 4}
    assert View(make({"train/loss": fall, "train/accuracy": accuracy}, config=known), 399).chance_at_most == np.log(4)
    assert View(make({"train/loss": fall}), 399).chance_at_most is None


def test_an_untrained_model_is_at_chance_where_that_is_known(make, fall) -> None:
    known = {"facts.task": "classification", "facts.outputs": 100}
    view = View(make({"train/loss": fall}, config=known), 399)
    assert view.top == pytest.approx(np.log(100))
    assert view.settled <= View(make({"train/loss": fall}), 399).settled
    assert View(make({"train/loss": fall + 9}, config=known), 399).top > 9


@pytest.mark.parametrize(
    ("start", "accuracy", "guess"),
    [(2.3, 0.1, 2.3), (2.3, 0.16, 2.3), (2.3, 0.4, None), (0.69, 0.5, 0.69), (0.3, 0.8, None), (-1.0, 0.5, None)],
)
def test_a_guess_is_a_start_with_the_accuracy_of_one(make, start, accuracy, guess) -> None:
    curves = {"train/loss": np.full(50, start), "train/accuracy": np.full(50, accuracy)}
    assert View(make(curves), 49).guess == (None if guess is None else pytest.approx(guess))
    known = {"facts.task": "classification", "facts.outputs": 4}
    assert View(make(curves, config=known), 49).guess == np.log(4)


def test_layers_end_at_the_rung(make, fall) -> None:
    norms = {f"grad_norm/{i}.weight": np.full(400, 1.0) for i in range(3)}
    view = View(make({"train/loss": fall, **norms}), 99)
    assert [s.name for s in view.layers] == list(norms)
    assert {s.n for s in view.layers} == {100}


@pytest.mark.parametrize(("first", "alike"), [(2.0, True), (1.2, True), (1.1, False), (-0.5, True), (None, True)])
def test_losses_of_which_one_is_twice_the_other_are_not_the_same(make, fall, first, alike) -> None:
    val = {} if first is None else {"val/loss": ([0, 100, 200], [first, 0.5, 0.4])}
    assert View(make({"train/loss": fall, **val}), 399.0).alike is alike


@pytest.mark.parametrize(("first", "texty"), [(3.5, True), (3.0, False)])
def test_a_first_mean_of_many_steps_tells_of_a_vocabulary(make, first, texty) -> None:
    loss = [first, *np.linspace(2.9, 2.3, 68).tolist()]
    assert View(make({"train/loss": loss}), 68).texty is texty


def test_the_better_accuracy_tells_what_was_gained(make) -> None:
    """Mixed samples are right by half, and learned all the same."""
    curves = {"train/loss": np.linspace(2.3, 1.2, 30), "train/accuracy": np.linspace(0.1, 0.4, 30)}
    assert View(make(curves), 29.0).right == pytest.approx(0.33, abs=0.02)
    curves["val/accuracy"] = np.linspace(0.1, 0.9, 30)
    assert View(make(curves), 29.0).right == pytest.approx(0.87, abs=0.03)
