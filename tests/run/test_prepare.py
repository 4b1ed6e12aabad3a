"""What every rule needs first."""

import numpy as np
import pytest

from optcli.run.curve import Curve, read_only
from optcli.run.prepare import BLOCKS, Series, copied, pace_by_clock, warm_up_end, whole

rng = np.random.default_rng(0)


def series(values: object, step: object = None) -> Series:
    value = read_only(values)  # type: ignore[arg-type]
    return Series.of(Curve("x", read_only(np.arange(len(value)) if step is None else step), value))  # type: ignore[arg-type]


def test_values_that_are_no_numbers_are_left_out_with_their_steps() -> None:
    s = series([3, np.nan, 2, np.inf, 1])
    assert (s.step.tolist(), s.value.tolist()) == ([0, 2, 4], [3, 2, 1])


@pytest.mark.parametrize("n", [1, 47, 48, 49, 1000, 12_345])
def test_blocks_are_few_and_end_with_the_curve(n: int) -> None:
    s = series(np.arange(n))
    assert len(s.blocks) == len(s.block_step) <= BLOCKS
    assert s.block_step[-1] == n - 1
    assert (np.diff(s.block_step) == s.size).all()


def test_figures_of_a_plain_fall() -> None:
    s = series(0.5 + 2 * np.exp(-np.arange(400) / 40) + 0.02 * rng.normal(size=400))
    assert s.sigma == pytest.approx(0.02, rel=0.3)
    assert s.start == pytest.approx(2.4, abs=0.1)
    assert s.end == pytest.approx(0.5, abs=0.02)
    assert s.drop == pytest.approx(1.9, abs=0.1)


def test_a_first_value_that_was_leapt_from_is_the_start() -> None:
    assert series([2.3, 276, 277, 267, 246, *[2.5] * 100]).start == 2.3


def test_trend_tells_a_fall_from_noise() -> None:
    noise = rng.normal(size=400)
    assert abs(series(noise).trend(0.5)[1]) < 4
    change, z = series(-0.05 * np.arange(400) + noise).trend(0.5)
    assert change == pytest.approx(-10, rel=0.2)
    assert z < -10


def test_noise_is_never_below_rounding() -> None:
    s = series(np.full(60, 2.5))
    assert 0 < s.sigma < 1e-6
    assert series(np.zeros(60)).drop > 0


def test_the_value_at_a_step_is_the_last_one_logged() -> None:
    s = series([5, 4, 3, 2], [10, 20, 30, 40])
    assert (s.at(5), s.at(29), s.at(99)) == (5, 4, 2)


@pytest.mark.parametrize(
    ("rates", "end"),
    [([1, 1, 1], None), ([1, 2, 3], float("inf")), ([1, 2, 3, 3, 2], 2), ([3, 2, 1], None), ([1, 2], None)],
)
def test_warm_up_ends_where_the_rate_stops_rising(rates: list[float], end: float | None) -> None:
    assert warm_up_end(series(rates)) == end


@pytest.mark.parametrize(
    ("rates", "end"),
    [
        ([0, 0, 1, 1, 2, 2, 3, 3, 3, 2], 6),
        ([0, 1, 1, 2, 2, 3, 3, 3, 3, 3], 5),
        ([0, 0, 1, 1, 2, 2], float("inf")),
        ([0, 1, 2, 3, 3, 3, 3, 4], 3),
        ([1, 1, 1, 1, 1, 2, 2, 2], None),
        ([1, 1, 1, 1, 1, 2, 3, 4], None),
        ([0, 0, 1, 0, 1, 0], None),
        ([0, 0, 1, 1, 1, 1, 1, 1], None),
    ],
)
def test_a_warm_up_may_rise_in_stairs(rates: list[float], end: float | None) -> None:
    assert warm_up_end(series(rates)) == end


def test_a_curve_has_settled_when_nine_tenths_of_its_fall_are_done() -> None:
    assert series(np.concatenate([np.linspace(2, 1, 11), np.ones(29)])).settled(2.0) == pytest.approx(9 / 40, abs=0.03)
    assert series(np.linspace(2, 1, 48)).settled(2.0) > 0.8
    assert series(np.linspace(1, 2, 48)).settled(1.0) == 0
    assert series([1.0]).settled(1.0) == 0


def test_a_pace_needs_a_clock_that_goes_forward() -> None:
    def curve(time):
        return Curve("x", read_only([0, 2, 3, 5]), read_only([1, 1, 1, 1]), None if time is None else read_only(time))

    found = pace_by_clock(curve([0, 4, 5, 11]))
    assert found is not None
    assert (found.step.tolist(), found.value.tolist()) == ([2, 3, 5], [2, 1, 3])
    back = pace_by_clock(curve([0, 4, 1, 3]))
    assert back is not None
    assert (back.step.tolist(), back.value.tolist()) == ([2, 5], [2, 1])
    assert pace_by_clock(curve(None)) is None


def test_a_copy_is_the_same_number_at_every_shared_step() -> None:
    whole = Series("a", np.arange(20.0), np.arange(20.0) ** 2)
    some = Series("b", np.arange(4.0, 24, 5), np.array([16.0, 81.0, 196.0, 361.0]))
    assert copied(some, whole, 4)
    assert not copied(some, whole, 5)
    assert not copied(Series("b", some.step, some.value + 1e-3), whole, 3)
    assert not copied(Series("b", some.step, np.full(4, 7.0)), Series("a", whole.step, np.full(20, 7.0)), 2)
    assert not copied(Series("b", some.step + 0.5, some.value), whole, 1)


@pytest.mark.parametrize(
    ("values", "start"),
    [
        ([186, 3.7, 3.6, 3.5, *[3.4] * 6], 3.7),
        ([30, 3.7, 3.6, *[3.4] * 7], 30),
        ([4.0, 0.01, *[-1.0] * 8], 4.0),  # beside 0 a ratio says nothing
    ],
)
def test_a_lone_first_value_is_no_level(values: list[float], start: float) -> None:
    assert series(values).start == start


@pytest.mark.parametrize(
    ("values", "one"), [([0.2, 1.0], 1.0), ([0.4, 0.9], 1.0), ([12, 98.5], 100.0), ([0.5, 2.0], 100.0)]
)
def test_accuracies_are_fractions_or_percent(values: list[float], one: float) -> None:
    assert whole(series([0.1, 0.2]), series(values)) == one


@pytest.mark.parametrize(
    ("name", "values", "start"),
    [
        ("train/loss", [0, 0, 1.6, 1.3, 1.1], 1.6),
        ("train/loss", [0] * 8, 0),  # nothing was ever measured, or nothing is left
        ("train/loss", [*[0] * 7, 1.6], 0),
        ("lr", [0, 1e-3, 1e-3], 0),
        ("val/loss", [0, 0, 0.5], 0.5),
    ],
)
def test_zeros_before_anything_was_measured_are_no_loss(name: str, values: list[float], start: float) -> None:
    made = Series.of(Curve(name, np.arange(len(values), dtype=float), np.array(values, dtype=float)))
    assert made.start == start


def test_a_validation_loss_of_zeros_was_never_measured() -> None:
    zeros, step = np.zeros(9), np.arange(9.0)
    assert [Series.of(Curve(name, step, zeros)).n for name in ("val/loss", "test/loss", "train/loss")] == [0, 0, 9]
