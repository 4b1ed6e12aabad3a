"""Underfitting is said before the end where the plan is known and the trend leaves no hope."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 400
STEP = np.arange(N)
SEEN = STEP[9::10]
NOISE = np.random.default_rng(0).normal(size=N)
TEN = {"facts": {"task": "classification", "outputs": 10}}


def known_at(make, fall, **rest) -> float | None:
    curves = {"train/loss": fall(STEP / N) + 0.01 * NOISE, "val/loss": (SEEN, fall(SEEN / N) + 0.02)}
    found = engine.diagnose(make(curves, config=TEN, **rest), select=["GEN204"]).findings
    return found[0].known_at if found else None


def high(share):
    return 1.7 + 0.6 * np.exp(-20 * share)


def test_the_plan_tells_when_it_is_late(make) -> None:
    assert known_at(make, high) == N - 1
    assert known_at(make, high, end="running") is None
    assert 0.6 * N <= known_at(make, high, planned=N) <= 0.7 * N
    assert known_at(make, high, planned=2 * N, end="running") is None


@pytest.mark.parametrize(
    "fall",
    [
        lambda x: 1.3 + 1.0 * np.exp(-20 * x),  # a hard task keeps that much
        lambda x: 1.5 + 0.8 * np.exp(-20 * x) - 0.6 * np.maximum(x - 0.3, 0),  # falls on
    ],
)
def test_silent_where_it_may_still_come_down(make, fall) -> None:
    assert known_at(make, fall, planned=N) is None


@pytest.mark.parametrize(("steps", "said"), [(30, False), (60, True)])
def test_a_plan_of_a_few_steps_is_no_underfitting(make, steps, said) -> None:
    loss, val = np.linspace(2.31, 2.29, steps), np.full(steps, 2.3)
    run = make({"train/loss": loss + 0.02 * NOISE[:steps], "val/loss": val}, config=TEN, planned=steps)
    assert bool(engine.diagnose(run, select=["GEN204"]).findings) is said


STILL = np.arange(400)
SEEN = STILL[9::10]


@pytest.mark.parametrize(
    ("config", "left", "cause"),
    [
        ({"regularizers.dropout.rate": 0.9}, 0.5, "too-much-regularization"),
        ({"optimizer.weight_decay": 0.6, "optimizer.name": "sgd"}, 0.5, "too-much-regularization"),
        ({"model.hidden": [2]}, 0.5, "too-small-model"),
        ({"model.hidden": [2]}, 0.2, None),  # it was enough for the task
        ({"regularizers.dropout.rate": 0.3, "model.hidden": [64]}, 0.5, None),
        ({}, 0.5, None),
    ],
)
def test_settings_far_beyond_the_usual_explain_a_loss_that_stays(make, config, left, cause) -> None:
    noise = 0.01 * np.random.default_rng(0).normal(size=400)
    curves = {
        "train/loss": left + (1 - left) * np.exp(-STILL / 60) + noise,
        "val/loss": (SEEN, left + (1 - left) * np.exp(-SEEN / 60)),
    }
    found = engine.diagnose(make(curves, config=config), select=["GEN204"])
    assert [c.name for c in found.causes][:1] == ([cause] if cause else [])
    if cause:
        assert found.findings[0].message.endswith(
            ("with a dropout of 0.9", "with a weight decay of 0.6", "with a width of 2")
        )


def test_what_still_falls_fast_is_not_held_back(make) -> None:
    line = 1 - 0.5 * STILL / 400
    curves = {"train/loss": line, "val/loss": (SEEN, 1 - 0.5 * SEEN / 400)}
    assert not engine.diagnose(make(curves, config={"model.hidden": [2]}), select=["GEN204"]).findings


def test_what_is_held_back_is_told_as_soon_as_it_stands_still(make) -> None:
    noise = 0.005 * np.random.default_rng(0).normal(size=400)
    curves = {
        "train/loss": 0.6 + 0.4 * np.exp(-STILL / 15) + noise,
        "val/loss": (SEEN, 0.6 + 0.4 * np.exp(-SEEN / 15)),
    }
    config = {"regularizers.dropout.rate": 0.9}
    (found,) = engine.diagnose(make(curves, config=config), select=["GEN204"]).findings
    assert found.known_at < 150


@pytest.mark.parametrize(
    ("config", "said"), [({}, False), ({"facts.task": "classification", "facts.outputs": 20}, True)]
)
def test_of_many_outcomes_it_may_be_a_sequence_with_a_high_floor(make, config, said) -> None:
    noise = 0.01 * np.random.default_rng(0).normal(size=400)
    curves = {
        "train/loss": 1.95 + 1.05 * np.exp(-STILL / 36) + noise,
        "val/loss": (SEEN, 1.97 + 1.0 * np.exp(-SEEN / 36)),
        "train/accuracy": 0.4 - 0.3 * np.exp(-STILL / 36),
    }
    assert bool(engine.diagnose(make(curves, config=config), select=["GEN204"]).findings) is said


@pytest.mark.parametrize(("right", "said"), [(0.95, False), (0.3, True)])
def test_soft_targets_have_a_floor_however_right_the_answers_are(make, right, said) -> None:
    step = np.arange(400)
    fall = np.exp(-step / 20)
    curves = {
        "train/loss": 1.6 + 0.7 * fall,
        "val/loss": (step[9::10], 1.62 + 0.7 * fall[9::10]),
        "train/accuracy": right - (right - 0.1) * fall,
    }
    assert bool(engine.diagnose(make(curves, config=TEN), select=["GEN204"]).findings) is said


@pytest.mark.parametrize(("mixed", "said"), [({}, True), ({"facts.mixed": 1}, False)])
def test_of_blended_samples_a_high_loss_says_nothing(make, mixed, said) -> None:
    step = np.arange(400)
    fall = np.exp(-step / 20)
    curves = {"train/loss": 1.9 + 0.4 * fall, "val/loss": (step[9::10], 1.92 + 0.4 * fall[9::10])}
    told = engine.diagnose(make(curves, config=TEN | mixed), select=["GEN204", "GEN205", "OPT105"])
    assert {f.code for f in told.findings if f.severity != "info"} == ({"GEN204", "OPT105"} if said else set())


def test_a_decay_that_pulls_everything_to_nothing_may_end_above_the_first_batch(make) -> None:
    step = np.arange(400)
    loss = 0.93 - 0.5 * np.exp(-step / 5)
    curves = {"train/loss": loss, "val/loss": (step[9::10], loss[9::10])}
    config = {"optimizer.name": "adamw", "optimizer.weight_decay": 83.0, "optimizer.lr": 2e-3}
    told = engine.diagnose(make(curves, config=config))
    assert "GEN204" in {f.code for f in told.findings}
    assert told.causes[0].name == "too-much-regularization"


@pytest.mark.parametrize(
    ("config", "end", "said"),
    [
        ({"regularizers.dropout.rate": 0.95}, 0.9, True),
        ({"regularizers.dropout.rate": 0.95}, 0.5, False),
        ({"regularizers.dropout.rate": 0.5}, 0.9, False),
    ],
)
def test_a_dropout_that_raises_the_first_losses_is_told_by_validation(make, config, end, said) -> None:
    train = 1.0 + 20 * np.exp(-STILL / 5) + 0.1 * np.random.default_rng(0).normal(size=400)
    curves = {"train/loss": train, "val/loss": (SEEN, end + (1 - end) * np.exp(-(SEEN - SEEN[0]) / 40))}
    found = engine.diagnose(make(curves, config=config), select=["GEN204"]).findings
    assert any(f.severity == "warning" for f in found) is said
