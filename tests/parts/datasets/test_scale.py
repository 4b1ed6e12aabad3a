"""The scale of columns, and of those that have none."""

import numpy as np

from optcli.parts.datasets._scale import deviation


def test_is_numpy_s_where_values_differ():
    values = np.random.default_rng(0).normal(3, 2, (40, 2, 3)).astype(np.float32)
    np.testing.assert_allclose(deviation(values), values.std(0, np.float64, keepdims=True))
    np.testing.assert_allclose(deviation(values, (0, 2)), values.std((0, 2), np.float64, keepdims=True))


def test_equal_values_have_the_deviation_1_however_they_are_rounded():
    column = np.full(398, 123.456)
    assert column.std() > 0
    assert deviation(column) == 1


def test_masked_values_don_t_count():
    known = np.ma.masked_invalid([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(deviation(known), [[1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(deviation(known * 4), [[4.0, 1.0, 1.0]])
