"""Bounded memory: a curve of more than a million points keeps what matters of each bucket."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from optcli.run.curve import Floats
from optcli.run.merge import Points


class Pile:
    """The points of one column as they come in.

    Up to `LIMIT` points are kept as they are. Beyond, buckets of consecutive points keep their first, last, lowest,
    highest and median point and one non-finite point if there is any; their number is in `nonfinite`.
    """

    LIMIT: ClassVar[int] = 1_000_000
    KEPT: ClassVar[int] = 6
    """Points that a bucket keeps at most."""

    def __init__(self) -> None:
        self._parts: list[Points] = []
        self._held = self.seen = self.nonfinite = 0
        self.thinned = False

    def add(self, points: Points) -> None:
        """Take in the next points."""
        self._parts.append(points)
        self._held += len(points.value)
        self.seen += len(points.value)
        self.nonfinite += int((~np.isfinite(points.value)).sum())
        if self._held > self.LIMIT:
            self._parts = [thin(self.points(), 4 * self.KEPT)]
            self._held, self.thinned = len(self._parts[0].value), True

    def points(self) -> Points:
        """All points held, in the order they came."""
        if len(self._parts) != 1:
            parts = self._parts
            timed = bool(parts) and all(p.time is not None for p in parts)
            self._parts = [
                Points(
                    _join([p.order for p in parts]),
                    _join([p.step for p in parts]),
                    _join([p.value for p in parts]),
                    _join([p.time for p in parts if p.time is not None]) if timed else None,
                )
            ]
        return self._parts[0]


def _join(arrays: list[Floats]) -> Floats:
    return np.concatenate(arrays) if arrays else np.zeros(0)


def thin(points: Points, bucket: int) -> Points:
    """Of every `bucket` points keep the first, last, lowest, highest, median and first non-finite one, in order."""
    n = len(points.value) // bucket * bucket
    value = points.value[:n].reshape(-1, bucket)
    bad = ~np.isfinite(value)
    rank = np.argsort(np.where(bad, np.inf, value), axis=1, kind="stable")
    finite = bucket - bad.sum(axis=1)
    row = np.arange(len(value))
    chosen = [
        np.zeros(len(value), np.int64),
        np.full(len(value), bucket - 1),
        rank[:, 0],
        rank[row, np.maximum(finite - 1, 0)],
        rank[row, np.maximum(finite - 1, 0) // 2],
        np.argmax(bad, axis=1),
    ]
    keep = np.unique(np.concatenate([c + row * bucket for c in chosen]))
    return points.take(np.concatenate([keep, np.arange(n, len(points.value))]))
