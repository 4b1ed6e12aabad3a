"""Robust figures of short series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optcli.run import stats

finite = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6))
rng = np.random.default_rng(0)


@given(finite)
def test_median_is_numpys(values: np.ndarray) -> None:
    assert stats.median(values) == pytest.approx(np.median(values), rel=1e-12, abs=1e-9)


def test_median_of_nothing_is_nan() -> None:
    assert np.isnan(stats.median(np.empty(0)))


@given(finite, st.floats(0, 1))
def test_quantile_is_numpys(values: np.ndarray, share: float) -> None:
    assert stats.quantile(values, share) == pytest.approx(np.quantile(values, share), rel=1e-9, abs=1e-6)


def test_quantile_of_nothing_is_nan() -> None:
    assert np.isnan(stats.quantile(np.empty(0), 0.5))


@pytest.mark.parametrize(("size", "want"), [(1, [5, 1, 9, 2, 8]), (2, [5, 5]), (5, [5]), (3, [8])])
def test_block_medians_align_to_the_end(size: int, want: list[float]) -> None:
    assert stats.block_medians(np.array([5.0, 1, 9, 2, 8]), size).tolist() == want


def test_noise_is_blind_to_a_trend_and_right_about_normal_noise() -> None:
    assert stats.noise(np.linspace(0, 100, 50)) == pytest.approx(0, abs=1e-9)
    noisy = np.linspace(0, 100, 20_000) + 0.3 * rng.normal(size=20_000)
    assert stats.noise(noisy) == pytest.approx(0.3, rel=0.05)


def test_noise_and_deviation_shrug_off_outliers() -> None:
    values = rng.normal(size=2000)
    values[::100] = 1e6
    assert stats.noise(values) == pytest.approx(1, rel=0.2)
    assert stats.deviation(values) == pytest.approx(1, rel=0.2)
    assert stats.deviation(values[:1]) == stats.noise(values[:3]) == 0


def test_slope_and_its_error_are_those_of_least_squares() -> None:
    values = 0.5 * np.arange(40) + rng.normal(size=40)
    fit, cov = np.polyfit(np.arange(40), values, 1, cov=True)
    rise, error = stats.slope(values)
    assert rise == pytest.approx(fit[0])
    assert error == pytest.approx(cov[0, 0] ** 0.5, rel=1e-6)
    assert stats.slope(values[:2]) == (0.0, float("inf"))


def test_ups_add_up_the_rises_alone() -> None:
    assert stats.ups(np.array([3.0, 1, 4, 4, 2, 7])) == 8


def test_turn_rate_of_an_alternation_of_noise_and_of_a_fall() -> None:
    assert stats.turn_rate(np.array([0.0, 1] * 10)) == 1
    assert stats.turn_rate(rng.normal(size=20_000)) == pytest.approx(2 / 3, abs=0.01)
    assert stats.turn_rate(np.arange(9.0)) == 0
    assert np.isnan(stats.turn_rate(np.arange(2.0)))


@pytest.mark.parametrize("width", [3, 11])
def test_running_median_takes_out_a_leap_and_keeps_the_ends(width: int) -> None:
    values = np.zeros(40)
    values[20] = 5
    assert stats.running_median(values, width).tolist() == [0.0] * 40
    assert stats.running_median(np.arange(40.0), width)[[0, 39]].tolist() == [0, 39]
    assert stats.running_median(np.arange(2.0), width).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([3, 2, 1, 0], 0),
        ([3, 1, 1.4, 1], 0),
        ([3, 1, 2, 2], 1),
        ([3, 1, 2, 0], 2),
        ([3, 1, 1.5, 2, 2.3, 1.2, 2.4], 3),
        ([1], 0),
        ([], 0),
    ],
)
def test_reversals_are_rises_and_falls_in_turn_after_the_first_fall(values: list[float], count: int) -> None:
    assert stats.reversals(np.array(values, dtype=float), 1.0) == count
    assert stats.reversals(np.array(values, dtype=float), 0.0) == 0


def test_wander_is_one_for_independent_noise_of_any_kind_and_more_for_slow_swings() -> None:
    for noise in (rng.normal(size=20_000), rng.gamma(1, size=20_000), rng.standard_t(4, size=20_000)):
        assert stats.wander(noise + np.linspace(0, 5, 20_000), 10) == pytest.approx(1, abs=0.1)
    assert stats.wander(np.sin(np.arange(2000) / 7) + 0.1 * rng.normal(size=2000), 20) > 5
    assert np.isnan(stats.wander(np.arange(70.0), 10))
    assert np.isnan(stats.wander(np.ones(100), 10))
