"""Robust figures of short series: medians, noise, slopes, turns. Pure functions of arrays of shape (n,).

Everything is in the units of the values unless said otherwise, and positions count points. Non-finite values must have
been taken out before. A noise level "of a point" is the standard deviation that normal noise of the same spread has.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.run.curve import Floats

TO_SIGMA: Final = 1.4826
"""Median absolute deviation -> standard deviation of normal noise."""


def median(values: Floats) -> float:
    """The median; NaN of nothing. Four times faster than `numpy.median` on short arrays."""
    n = len(values)
    if not n:
        return float("nan")
    middle = n // 2
    if n % 2:
        return float(np.partition(values, middle)[middle])
    low, high = np.partition(values, (middle - 1, middle))[middle - 1 : middle + 1].tolist()
    return float(low / 2 + high / 2)


def quantile(values: Floats, share: float) -> float:
    """The value below which `share` of them lie, between two of them linearly; NaN of nothing.

    As `numpy.quantile`, which takes ten times as long on short arrays.
    """
    if not len(values):
        return float("nan")
    below, part = divmod(share * (len(values) - 1), 1)
    first = int(below)
    last = min(first + 1, len(values) - 1)
    ordered = np.partition(values, (first, last))
    low, high = float(ordered[first]), float(ordered[last])
    return low + (high - low) * part


def block_medians(values: Floats, size: int) -> Floats:
    """Medians of consecutive blocks of `size` points, aligned to the end; a shorter block at the start is left out.

    Of an even number of points the mean of the middle two. Shape (n // size,).
    """
    if size <= 1:
        return values
    blocks = np.sort(values[len(values) % size :].reshape(-1, size), axis=1)
    middle = size // 2
    return blocks[:, middle] if size % 2 else blocks[:, middle - 1] / 2 + blocks[:, middle] / 2


def noise(values: Floats) -> float:
    """Noise level of a point, whatever the trend: from the median absolute second difference.

    Second differences cancel any straight line; their standard deviation is sqrt(6) times that of independent noise
    (Gasser, Sroka and Jennen-Steinmetz 1986, doi:10.1093/biomet/73.3.625). 0 for fewer than 4 points.
    """
    if len(values) < 4:
        return 0.0
    second = values[2:] - 2 * values[1:-1] + values[:-2]
    return TO_SIGMA / 6**0.5 * median(np.abs(second))


def deviation(values: Floats) -> float:
    """Robust standard deviation around the median; 0 for fewer than 2 points."""
    if len(values) < 2:
        return 0.0
    return TO_SIGMA * median(np.abs(values - median(values)))


def slope(values: Floats) -> tuple[float, float]:
    """Least-squares slope per point and its standard error from the residuals; (0, inf) for fewer than 3 points.

    Meant for block medians, whose noise is close to normal and nearly independent.
    """
    n = len(values)
    if n < 3:
        return 0.0, float("inf")
    at = np.arange(n) - (n - 1) / 2
    spread = n * (n * n - 1) / 12
    centred = values - values.mean()
    rise = float(at @ centred) / spread
    rest = float(centred @ centred) - rise * rise * spread
    return rise, (max(rest, 0.0) / (n - 2) / spread) ** 0.5


def ups(values: Floats) -> float:
    """Sum of all rises from one point to the next."""
    steps = np.diff(values)
    return float(steps[steps > 0].sum())


def wander(values: Floats, size: int) -> float:
    """Noise of the means of `size` points over what independent noise of the points leaves of it: 1 if independent.

    The root of a ratio of mean squared second differences, so that skewed and heavy-tailed noise counts on both sides
    (von Neumann 1941, doi:10.1214/aoms/1177731677, with second differences to cancel a trend). NaN below 8 blocks.
    """
    count = len(values) // max(size, 1)
    if size < 1 or count < 8:
        return float("nan")
    means = values[len(values) - count * size :].reshape(count, size).mean(axis=1)
    points, blocks = (float(np.square(np.diff(v, 2)).mean()) for v in (values, means))
    return (blocks * size / points) ** 0.5 if points > 0 else float("nan")


def turn_rate(values: Floats) -> float:
    """Share of inner points that are a local minimum or maximum: 2/3 for independent noise, 1 for an alternation.

    Kendall's turning-point test (Kendall and Stuart, The Advanced Theory of Statistics 3, 45.18). NaN below 3 points.
    """
    if len(values) < 3:
        return float("nan")
    steps = np.diff(values)
    return float(np.count_nonzero(steps[1:] * steps[:-1] < 0)) / (len(values) - 2)


def reversals(values: Floats, least: float) -> int:
    """How often the values turn to go up or down by `least` and more, the first fall not counted.

    The count of half cycles in rainflow counting (ASTM E1049): a rise is 1, a rise and the fall after it 2.
    """
    count, up = 0, False
    extreme = float(values[0]) if len(values) else 0.0
    for value in values.tolist():
        if up:
            extreme = max(extreme, value)
        else:
            extreme = min(extreme, value)
        if abs(value - extreme) >= least > 0:
            count, up, extreme = count + 1, not up, value
    return count


def running_median(values: Floats, width: int) -> Floats:
    """Median of the `width` points (odd) around each point, the end points repeated beyond the ends. Shape (n,)."""
    if width <= 1 or len(values) < width:
        return values if width <= 1 else np.full(len(values), median(values))
    half = width // 2
    padded = np.concatenate([np.repeat(values[:1], half), values, np.repeat(values[-1:], half)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.partition(windows, half, axis=1)[:, half]
