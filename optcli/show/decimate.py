"""Fewer points, same picture: of each bucket of points the smallest and the largest stay, so that no spike is lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from optcli.run.curve import Curve, Floats

Bools = npt.NDArray[np.bool_]


def decimate(curve: Curve, buckets: int) -> Curve:
    """At most `2 * buckets` finite points of the curve, and one of the non-finite points of each bucket.

    Buckets are equally many points wide. Curves short enough are returned as they are.
    """
    if len(curve) <= 2 * buckets:
        return curve
    edges = np.linspace(0, len(curve), buckets + 1).astype(int)[:-1]
    finite = np.isfinite(curve.value)
    keep = set()
    for values, pick in (
        (np.where(finite, curve.value, np.inf), np.argmin),
        (np.where(finite, curve.value, -np.inf), np.argmax),
    ):
        keep |= {start + int(pick(part)) for start, part in zip(edges, np.split(values, edges[1:]), strict=True)}
    bad = np.flatnonzero(~finite)
    keep |= set(bad[np.unique(np.searchsorted(edges, bad, side="right"), return_index=True)[1]].tolist())
    at = np.array(sorted(keep))
    return Curve(curve.name, curve.step[at], curve.value[at], None if curve.time is None else curve.time[at])


def columns(step: Floats, value: Floats, count: int) -> tuple[Floats, Floats, Bools]:
    """Lowest and highest value in each of `count` equal stretches of the step axis, and where values aren't finite.

    Between points that lie further apart than a stretch the line is straight; beside a non-finite value there is a
    gap (NaN). Returns arrays of shape (count,).
    """
    finite = np.isfinite(value)
    span = float(step[-1] - step[0]) or 1.0
    where = np.minimum((step - step[0]) / span * count, count - 1).astype(int)
    low, high, bad = np.full(count, np.inf), np.full(count, -np.inf), np.zeros(count, dtype=bool)
    np.minimum.at(low, where[finite], value[finite])
    np.maximum.at(high, where[finite], value[finite])
    bad[where[~finite]] = True
    empty = np.isinf(low)
    if finite.any() and empty.any():
        middle = step[0] + (np.arange(count) + 0.5) * span / count
        low[empty] = high[empty] = _between(step, value, finite, middle[empty])
    low[np.isinf(low)] = high[np.isinf(high)] = np.nan
    return low, high, bad


def _between(step: Floats, value: Floats, finite: Bools, at: Floats) -> Floats:
    """Straight lines between neighbouring points; NaN where one of the two neighbours isn't finite."""
    line = np.interp(at, step[finite], value[finite])
    after = np.clip(np.searchsorted(step, at), 1, len(step) - 1) if len(step) > 1 else np.zeros(len(at), dtype=int)
    line[~(finite[after] & finite[np.maximum(after - 1, 0)])] = np.nan
    return line
