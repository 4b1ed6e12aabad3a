"""What looks like a rise and is none, and a rise that few points show."""

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.rules import opt102_diverged
from optcli.diagnosis.view import View

NOISE = np.random.default_rng(0).normal(size=100)


def says(make, curves) -> bool:
    return bool(engine.diagnose(make(curves), select=["OPT102"]).findings)


def test_a_lone_low_first_value_is_no_level_where_later_ones_are_averages(make) -> None:
    loss = 1.5 + 0.03 * NOISE
    loss[0] = 1.0
    assert says(make, {"train/loss": loss})
    assert not says(make, {"train/loss": (100 * np.arange(100), loss)})
    loss[1:] += 2
    assert says(make, {"train/loss": (100 * np.arange(100), loss)})


def test_a_penalty_beside_the_loss_is_no_divergence(make) -> None:
    step = np.arange(60)
    loss = 5 + 20 * np.exp(-step / 20)
    right = 1 - 0.4 * np.exp(-step / 10)
    assert says(make, {"train/loss": loss, "train/accuracy": 0.4 + 0 * step})
    assert not says(make, {"train/loss": loss, "train/accuracy": right})
    assert says(make, {"train/loss": 20 + 3 * NOISE[:60], "train/accuracy": right})


def test_four_points_are_a_level_where_validation_rose_too(make) -> None:
    loss = np.array([0.65, 0.55, 0.5, 0.49, 0.48, 0.47, 0.46, 0.79, 0.7, 0.7, 0.7, 0.69])
    assert says(make, {"train/loss": loss, "val/loss": loss + 0.05})
    assert not says(make, {"train/loss": loss, "val/loss": np.minimum(loss, 0.5)})


@pytest.mark.parametrize(("level", "said"), [(0.62, True), (0.45, False)])
def test_a_few_epochs_that_stay_far_above_the_best(make, level, said) -> None:
    """The leap itself is half of the noise that so few points show."""
    loss = [0.43, 0.29, 0.28, 0.27, 0.38, 0.38, *[level] * 8]
    assert bool(engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings) is said


def test_sorted_data_is_given_three_epochs(make) -> None:
    """One class, then the other: the loss leaps in the middle of each epoch, to below its start."""
    step = np.arange(160)
    falls = 1.2 * np.exp(-step / 4)
    sorted_loss = falls + np.where(step % 40 < 20, 0.02, 0.9 * np.exp(-step / 50))
    broken = falls + np.where(step < 20, 0.02, 0.5)
    epochs = [0.0, 40.0, 80.0, 120.0]
    assert says(make, {"train/loss": sorted_loss})
    assert not engine.diagnose(make({"train/loss": sorted_loss}, epochs=epochs), select=["OPT102"]).findings
    (found,) = engine.diagnose(make({"train/loss": broken}, epochs=epochs), select=["OPT102"]).findings
    assert 120 <= found.known_at < 140
    (found,) = engine.diagnose(make({"train/loss": broken + step}, epochs=epochs), select=["OPT102"]).findings
    assert found.known_at < 40


def test_a_loss_far_above_a_guess_does_not_wait_for_three_epochs(make) -> None:
    loss = 30 + 3 * NOISE
    loss[0] = 100.0
    run = make(
        {"train/loss": loss}, epochs=[0.0], end="running", config={"facts": {"task": "classification", "outputs": 10}}
    )
    assert engine.diagnose(run, select=["OPT102"]).findings


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ([0.85, 2.4, 6.3e4, 1.1e13], True),
        ([11.2, 87.3, 87.3, 87.3], True),
        ([0.85, 2.4, 6.3e4, 1.1], False),
        ([2.3, 2.9, 3.1], False),
    ],
)
def test_a_log_of_three_or_four_points_may_leave_no_doubt(make, loss, said) -> None:
    assert bool(engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings) is said


@pytest.mark.parametrize(
    ("first", "fall", "said"),
    [
        (0.69, 0.0, True),
        (1.0, 0.0, False),  # among the lower of noisy points
        (0.69, 0.6, False),  # one lucky batch, and it falls
    ],
)
def test_a_run_thrown_off_in_its_first_steps_has_no_better_level(make, first, fall, said) -> None:
    step = np.arange(150)
    loss = 1.2 + 0.25 * np.random.default_rng(1).normal(size=150).clip(-1.9, 1.9) - fall * step / 150
    loss[0] = first
    found = engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings
    assert any(one.healed_at is None for one in found) is said


def test_the_first_single_batches_are_no_level_to_have_risen_from(make) -> None:
    """One easy batch of four samples at the start of many steps."""
    noise = np.abs(np.random.default_rng(3).normal(size=400))
    loss = 0.1 + 0.9 * np.exp(-np.arange(400) / 12) * (0.5 + noise)
    loss[:9] = 0.3, 0.42, 0.78, 0.92, 0.84, 0.96, 0.9, 0.99, 0.97
    assert not engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings
    loss[1:40] = np.linspace(0.5, 60, 39)
    (found,) = engine.diagnose(make({"train/loss": loss[:40]}), select=["OPT102"]).findings
    assert found.known_at < 12


@pytest.mark.parametrize(("after", "said"), [(0.45, True), (0.03, False)])
def test_a_rate_that_leapt_up_bears_witness(make, after, said) -> None:
    step = np.arange(0.0, 270.0, 10.0)
    noise = 0.12 * np.random.default_rng(1).normal(size=27)
    loss = np.where(step < 110, 0.7 + 1.15 * np.exp(-step / 20), 1.35) + noise
    curves = {"train/loss": (step, loss), "lr": (step, np.where(step < 110, 0.03, after))}
    found = engine.diagnose(make(curves), select=["OPT102"]).findings
    assert any(f.healed_at is None for f in found) is said


@pytest.mark.parametrize(("warm_up", "leapt"), [(True, False), (False, True)])
def test_a_warm_up_goes_up_as_planned_and_is_no_leap(make, warm_up, leapt) -> None:
    """The loss is lowest within the warm-up, at a sixth of the rate to come; a jump to that rate is none."""
    step = np.arange(60.0)
    lr = np.minimum(step + 1, 40.0) if warm_up else np.where(step < 7, 1.0, 40.0)
    view = View(make({"train/loss": 2 - 0.01 * step, "lr": lr}), 59)
    assert opt102_diverged._rate_leapt(view, np.array([1.0] + 7 * [3.0])) is leapt


@pytest.mark.parametrize(("height", "floor", "severity"), [(1.5, 0.4, "info"), (30.0, 0.4, "error"), (1.5, -3, "info")])
def test_what_came_back_is_a_note_unless_it_had_gone_up_many_times(make, height, floor, severity) -> None:
    step = np.arange(400)
    away = (step >= 150) & (step < 250)
    loss = floor + 1.9 * np.exp(-step / 40) + height * away + 0.03 * np.tile(NOISE, 4)
    (found,) = engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings
    assert found.healed_at is not None
    assert found.severity == severity


def test_a_leap_to_many_times_the_start_does_not_hide_that_the_loss_stays_up(make) -> None:
    epoch = np.arange(18)
    loss = np.where(epoch < 5, 0.3 + np.exp(-epoch / 1.5), 1.8 + 0.01 * NOISE[:18])
    loss[5] = 6.5
    (found,) = engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings
    assert (found.severity, found.healed_at) == ("error", None)


@pytest.mark.parametrize(("lr", "first", "said"), [(5.0, 9e4, True), (1e-3, 9e4, False), (5.0, 9.0, False)])
def test_first_steps_at_an_absurd_rate_may_throw_off_before_the_first_line(make, lr, first, said) -> None:
    epoch = np.arange(26)
    loss = 1.2 + 3 * np.exp(-epoch / 2) + 0.05 * NOISE[:26]
    loss[0] = first
    run = make({"train/loss": loss}, config={"optimizer.name": "adam", "optimizer.lr": lr})
    found = engine.diagnose(run, select=["OPT102"]).findings
    assert any("thrown it off" in f.message for f in found) is said


@pytest.mark.parametrize(("lr", "said"), [(5.0, True), (0.01, False)])
def test_numbers_that_end_at_once_have_diverged_where_the_rate_is_absurd(make, lr, said) -> None:
    loss = np.append([0.77], np.full(20, np.nan))
    run = make({"train/loss": loss}, config={"optimizer.name": "adam", "optimizer.lr": lr})
    found = engine.diagnose(run, select=["OPT102"]).findings
    assert [f.known_at for f in found] == [1.0] * said
    assert not said or "times the usual" in found[0].message


def test_a_loss_that_falls_to_next_to_nothing_by_and_by_was_not_thrown_off(make) -> None:
    epoch = np.arange(200)
    run = make({"train/loss": 2.3 * np.exp(-epoch / 20)}, config={"optimizer.name": "adam", "optimizer.lr": 0.2})
    assert not engine.diagnose(run, select=["OPT102"]).findings


@pytest.mark.parametrize(("end", "severity"), [(0.55, "info"), (0.98, "error")])
def test_a_loss_that_had_lost_everything_is_back_only_near_its_best_level(make, end, severity) -> None:
    """From 0.4 up to 4.5, which is twice the start, and down again: not to where the rise would be found anew."""
    step = np.arange(400)
    loss = 0.4 + 1.9 * np.exp(-step / 40) + 0.03 * np.tile(NOISE, 4)
    loss[200:] = end + (4.5 - end) * np.exp(-np.arange(200) / 20) + 0.1 * np.tile(NOISE, 2)
    (found,) = engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings
    assert (found.severity, found.healed_at is None) == (severity, severity == "error")


def test_a_few_epochs_show_that_all_is_lost(make) -> None:
    loss = [2.39, 1.88, 1.23, 0.88, 0.77, 1.18, 2.51, 2.5, 2.5, 2.49]
    assert says(make, {"train/loss": loss, "val/loss": [2.16, 1.51, 1.02, 0.82, 0.77, 2.27, 2.47, 2.47, 2.48, 2.47]})


@pytest.mark.parametrize(("first", "val", "said"), [(1.9e17, np.nan, True), (1.9e17, 2.0, False), (1.9, np.nan, False)])
def test_one_immense_loss_before_validation_is_no_number(make, first, val, said) -> None:
    assert says(make, {"train/loss": [first], "val/loss": ([45.0], [val])}) is said


@pytest.mark.parametrize(
    ("loss", "right", "said"),
    [
        ([20.1, 24.0, 27.1, 23.6, 15.9, 2.88, 2.04, 1.84, 1.81], 1 / 6, True),
        ([20.1, 4.0, 2.1, 2.0, 1.95, 1.9, 1.85, 1.84, 1.81], 1 / 6, False),  # far off for one epoch only
        ([20.1, 24.0, 27.1, 23.6, 15.9, 2.88, 2.04, 1.84, 1.81], 0.5, False),  # more than a guess
    ],
)
def test_far_above_a_guess_for_long_and_never_better_than_one(make, loss, right, said) -> None:
    curves = {"train/loss": loss, "val/loss": loss, "train/accuracy": np.full(9, right) + 0.002 * NOISE[:9]}
    found = engine.diagnose(make(curves), select=["OPT102"]).findings
    assert any("15 times what a guess among 6 earns" in f.message for f in found) is said
