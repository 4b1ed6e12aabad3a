import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optcli.run.curve import Curve, read_only
from optcli.show.decimate import columns, decimate

VALUES = arrays(np.float64, st.integers(1, 200), elements=st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(np.inf))


def curve(values: np.ndarray) -> Curve:
    return Curve("x", read_only(np.arange(len(values), dtype=float)), read_only(values))


@given(VALUES, st.integers(1, 40))
def test_extremes_and_non_finite_points_survive(values: np.ndarray, buckets: int) -> None:
    whole, small = curve(values), decimate(curve(values), buckets)
    finite, kept = whole.finite().value, small.finite().value
    assert len(kept) <= max(2 * buckets, 1)
    assert len(small) <= 3 * buckets
    assert np.all(np.diff(small.step) > 0)
    assert (len(finite) == 0) == (len(kept) == 0)
    if len(finite):
        assert (kept.min(), kept.max()) == (finite.min(), finite.max())
    assert (~np.isfinite(values)).any() == (~np.isfinite(small.value)).any()


def test_a_short_curve_is_left_alone() -> None:
    short = curve(np.arange(10.0))
    assert decimate(short, 5) is short


@given(VALUES, st.integers(1, 60))
def test_columns_span_the_values(values: np.ndarray, count: int) -> None:
    step = np.arange(len(values), dtype=float)
    low, high, bad = columns(read_only(step), read_only(values), count)
    finite = values[np.isfinite(values)]
    assert low.shape == high.shape == bad.shape == (count,)
    assert bad.any() == (~np.isfinite(values)).any()
    if len(finite):
        assert (np.nanmin(low), np.nanmax(high)) == (finite.min(), finite.max())


def test_between_far_points_runs_a_straight_line_that_breaks_at_nan() -> None:
    low, high, bad = columns(read_only([0, 10]), read_only([0, 10]), 5)
    np.testing.assert_allclose(low, [0, 3, 5, 7, 10])
    np.testing.assert_array_equal(low, high)
    low, _, bad = columns(read_only([0, 5, 10]), read_only([1, np.nan, 1]), 11)
    assert np.isnan(low[1:10]).all()
    assert bad.tolist() == [i == 5 for i in range(11)]
