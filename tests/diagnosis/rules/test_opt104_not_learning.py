"""When a loss that stands still is called stuck, and from which level that is measured."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 600
STEP = np.arange(N)
NOISE = np.random.default_rng(0).normal(size=N)


def known_at(make, curves, **rest) -> float | None:
    found = engine.diagnose(make(curves, **rest), select=["OPT104"]).findings
    return found[0].known_at if found else None


def test_a_planned_run_has_time_to_begin(make) -> None:
    late = {"train/loss": 0.2 + 2.1 / (1 + np.exp((STEP - 0.25 * N) / (0.02 * N))) + 0.01 * NOISE}
    flat = {"train/loss": 2.303 + 0.01 * NOISE}
    assert known_at(make, late) is not None  # without a plan nothing tells that it will fall
    assert known_at(make, late, planned=N) is None
    assert known_at(make, flat) == 39
    assert 0.15 * N <= known_at(make, flat, planned=N) < 0.25 * N


@pytest.mark.parametrize(("planned", "said"), [(24, False), (48, True)])
def test_a_run_that_was_to_take_a_few_steps_was_to_learn_nothing(make, planned, said) -> None:
    loss = 0.7 + 0.002 * NOISE[:planned]
    assert (known_at(make, {"train/loss": loss}, planned=planned) is not None) is said
    assert known_at(make, {"train/loss": loss}, planned=planned, axis="epoch") is not None


@pytest.mark.parametrize(("scatter", "least"), [(0.02, 39), (0.1, 159), (0.2, 450)])
def test_the_noisier_the_batches_the_more_points_it_takes(make, scatter, least) -> None:
    at = known_at(make, {"train/loss": 2.303 + scatter * NOISE})
    assert at is not None
    assert at >= least


def test_a_run_that_fell_to_the_level_of_a_guess_has_learned_nothing(make) -> None:
    loss = 2.4 + 5 * np.exp(-STEP[:30] / 1.5) + 0.01 * NOISE[:30]
    curves = {"train/loss": (50 * STEP[1:31], loss), "val/loss": (50 * STEP[1:31], loss + 0.02)}
    guessing = (50 * STEP[1:31], 0.1 + 0.003 * NOISE[:30])
    learning = (50 * STEP[1:31], 0.1 + 0.2 * STEP[:30] / 30 + 0.003 * NOISE[:30])
    ten = {"facts": {"task": "classification", "outputs": 10}}
    assert known_at(make, curves) is None
    assert known_at(make, curves, config=ten) is not None
    assert known_at(make, {**curves, "train/accuracy": guessing}) is not None
    assert known_at(make, {**curves, "train/accuracy": learning}) is None


@pytest.mark.parametrize("code", ["OPT103", "OPT104", "GEN204", "GEN205"])
def test_a_log_from_the_middle_of_a_run_says_nothing_of_its_start(make, code) -> None:
    step = np.arange(118, 158)
    train = 1.6 - 0.002 * (step - 118) + 0.001 * np.random.default_rng(0).normal(size=40)
    run = make({"train/loss": (step, train), "val/loss": (step, train - 0.5)})
    assert engine.diagnose(run, select=[code]).abstained == {code: "the log begins in the middle of a run"}


@pytest.mark.parametrize(
    ("loss", "gradient", "said"),
    [
        (0.0, 0.0, True),
        (0.0, None, True),
        (2.3026, 0.0, True),
        (2.3026, None, False),  # few digits may hide a slow fall
        (0.0, 0.1, False),
    ],
)
def test_a_loss_that_is_one_number_gets_nothing_from_the_model(make, loss, gradient, said) -> None:
    curves = {"train/loss": np.full(11, loss), "lr": np.linspace(1e-5, 1e-4, 11)}  # still in its warm-up
    if gradient is not None:
        curves["grad_norm"] = np.full(11, gradient)
    findings = engine.diagnose(make(curves), select=["OPT104"]).findings
    message = f"train/loss is {loss:g} in all of 11 points: nothing reaches the loss"
    assert [f.message for f in findings] == [message] * said


def test_means_of_epochs_fall_from_the_first_one_on(make) -> None:
    """The median of the first five would take the larger part of the fall for the start."""
    epoch = np.arange(1, 101)
    loss = 0.126 + 0.006 * np.exp(-epoch / 40) + 0.015 * np.exp(-(epoch - 1) / 0.8)
    run = make({"train/loss": (epoch, loss)}, epochs=epoch)
    assert not engine.diagnose(run, select=["OPT104"]).findings


@pytest.mark.parametrize(
    ("train", "val", "falls", "said"),
    [
        ([0.5] * 8, 0.5, False, True),
        ([50.0] * 8, 50.0, False, True),
        ([0.71, 0.72, 0.715, 0.72, 0.72, 0.71, 0.72, 0.72], 0.72414, False, True),
        ([0.85, 0.86, 0.86, 0.85, 0.86, 0.86, 0.85, 0.86], 0.85, False, False),  # whole percents hide small changes
        ([0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.87, 0.88], 0.72414, False, False),  # training goes on
        ([0.99] * 8, 0.99, False, False),
        ([0.5] * 8, 0.5, True, False),
    ],
)
def test_one_answer_for_everything_learns_nothing(make, train, val, falls, said) -> None:
    loss = np.linspace(2.0, 0.2, 8) if falls else np.array([1.31, 1.01, 0.72, 0.78, 1.11, 1.35, 1.36, 1.14])
    curves = {"train/loss": loss, "train/accuracy": train, "val/accuracy": np.full(8, val)}
    found = engine.diagnose(make(curves), select=["OPT104"]).findings
    assert ["one answer" in f.message for f in found] == [True] * said


@pytest.mark.parametrize(("off", "said"), [(0.01, True), (0.08, False)])
def test_accuracies_of_one_class_in_so_many_are_a_guess_though_the_loss_falls(make, off, said) -> None:
    seen = 0.2 + off * np.array([0.2, 1, -0.3, 0.9, 1, 0.5, 0.7, 0.6])
    curves = {"train/loss": [2.02, 1.83, 1.83, 1.78, 1.77, 1.76, 1.77, 1.76]}
    run = make(curves | {"train/accuracy": seen, "val/accuracy": [0.2] * 8})
    assert bool(engine.diagnose(run, select=["OPT104"]).findings) is said


@pytest.mark.parametrize(
    ("share", "n", "falls", "said"),
    [
        (0.225, 5, False, True),
        (0.225, 4, False, False),
        (31.54, 10, True, True),
        (31.54, 7, True, False),  # the loss falls: give it more time
        (0.25, 10, False, False),  # whole percents hide small changes
        (0.925, 10, False, False),  # most are of one class
        (0.0, 10, False, False),
    ],
)
def test_an_answer_that_stays_is_seen_without_the_training_accuracy(make, share, n, falls, said) -> None:
    loss = np.linspace(1.4, 0.9 if falls else 1.399, n)
    run = make({"train/loss": loss, "val/accuracy": np.full(n, share)})
    found = engine.diagnose(run, select=["OPT104"]).findings
    assert any("one answer" in f.message for f in found) is said


@pytest.mark.parametrize(
    ("val", "train", "said"),
    [
        (0.0, 0.0, True),
        (0.02, 0.0, True),  # it crawls
        (0.05, 0.0, False),  # it moves
        (0.0, 0.8, False),  # training falls, whatever validation is of
    ],
)
def test_validation_shows_what_batches_that_scatter_hide(make, val, train, said) -> None:
    step, random = np.arange(400), np.random.default_rng(2)
    seen = step[19::20]
    curves = {
        "train/loss": 1.0 - train * step / 400 + 0.3 * random.normal(size=400),
        "val/loss": (seen, 0.95 - val * seen / 400 + 1e-3 * random.normal(size=20)),
    }
    found = engine.diagnose(make(curves), select=["OPT104"]).findings
    assert any(f.curve == "val/loss" for f in found) is said


def test_batches_that_scatter_are_no_leap(make) -> None:
    """A crawl that validation alone shows is not taken for a collapse, however the training loss comes out."""
    step, random = np.arange(400), np.random.default_rng(2)
    seen = step[19::20]
    train = 1.0 + 0.1 * step / 400 + 0.3 * random.normal(size=400)
    curves = {"train/loss": train, "val/loss": (seen, 0.95 - 0.015 * seen / 400 + 1e-4 * random.normal(size=20))}
    (first, *_) = engine.diagnose(make(curves)).causes
    assert first.name == "learning-rate-too-low"
