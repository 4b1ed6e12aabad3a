"""Bounded memory: a curve of more points than its share keeps what matters of each bucket of consecutive points."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np

from optcli.run.merge import Points

FIRST, LOW, MIDDLE, HIGH, BAD, LAST = range(6)
"""What a bucket keeps: its first, lowest, median, highest, a non-finite (if it has none, the first) and last point."""
KEPT: Final = 6
SMALLEST: Final = 24
"""Points in a bucket at first."""


class Pile:
    """The points of one column as they come in.

    Up to `limit` points are kept as they are. Beyond, buckets of `bucket` consecutive points keep six of them; the
    median of a bucket that was put together from four is the lower median of theirs. `nonfinite` counts all.
    """

    LIMIT: ClassVar[int] = 1_000_000
    BUDGET: ClassVar[int] = 6_000_000
    """Points of all columns of a log together: 150 MB."""
    LEAST: ClassVar[int] = 20_000

    def __init__(self) -> None:
        self.limit = self.LIMIT
        self._raw: list[Points] = []
        self._held = self.seen = self.nonfinite = 0
        self._coarse: Points | None = None
        self.bucket = SMALLEST

    @property
    def thinned(self) -> bool:
        """Whether buckets have been made."""
        return self._coarse is not None

    def share(self, columns: int) -> None:
        """Be one of so many columns."""
        self.limit = min(self.LIMIT, max(self.LEAST, self.BUDGET // columns))

    def add(self, points: Points) -> None:
        """Take in the next points."""
        self._raw.append(points)
        self._held += len(points.value)
        self.seen += len(points.value)
        self.nonfinite += int((~np.isfinite(points.value)).sum())
        if self._held > (max(self.limit // 4, self.bucket) if self.thinned else self.limit):
            self._thin()

    def points(self) -> Points:
        """All points held, in the order they came."""
        self._raw = [join(self._raw)]
        if self._coarse is None:
            return self._raw[0]
        kept = self._coarse.take(np.argsort(self._coarse.order, kind="stable"))
        return join([kept.take(np.append(True, np.diff(kept.order) != 0)), self._raw[0]])

    def _thin(self) -> None:
        """Put whole buckets of the raw points to the coarse ones; four coarse ones become one when they get many."""
        raw = join(self._raw)
        whole = len(raw.value) // self.bucket * self.bucket
        new = choose(raw.take(np.arange(whole)), self.bucket)
        self._coarse = new if self._coarse is None else join([self._coarse, new])
        while len(self._coarse.value) > self.limit // 2:
            self._coarse = merge(self._coarse)
            self.bucket *= 4
        self._raw = [raw.take(np.arange(whole, len(raw.value)))]
        self._held = len(self._raw[0].value)


def join(parts: list[Points]) -> Points:
    """Points one after the other; a clock that only some of them have is given up."""
    if len(parts) == 1:
        return parts[0]
    timed = bool(parts) and all(p.time is not None for p in parts)
    arrays = [[p.order for p in parts], [p.step for p in parts], [p.value for p in parts]]
    order, step, value = (np.concatenate(a) if a else np.zeros(0) for a in arrays)
    return Points(order, step, value, np.concatenate([p.time for p in parts if p.time is not None]) if timed else None)


def choose(points: Points, bucket: int) -> Points:
    """Six points of every `bucket`: shape (6 * buckets,), in the order of the constants above."""
    value = points.value.reshape(-1, bucket)
    each = _pick(value, value, value, value)
    each[:, LAST] = bucket - 1
    return points.take((each + np.arange(len(value))[:, None] * bucket).ravel())


def merge(points: Points) -> Points:
    """Four buckets of six points each to one; a few left over at the end stay as they are."""
    whole = len(points.value) // (4 * KEPT) * (4 * KEPT)
    value = points.value[:whole].reshape(-1, 4, KEPT)
    each = _pick(value[:, :, LOW], value[:, :, MIDDLE], value[:, :, HIGH], value[:, :, BAD])
    each[:, LAST] = 3
    places = each * KEPT + np.arange(KEPT)
    kept = points.take((places + np.arange(len(value))[:, None] * 4 * KEPT).ravel())
    return join([kept, points.take(np.arange(whole, len(points.value)))])


def _pick(low: Any, middle: Any, high: Any, bad: Any) -> Any:
    """Which of n candidates (arrays (buckets, n)) is first, lowest, median, highest, not finite: (buckets, 6)."""
    finite = np.isfinite(middle)
    rank = np.argsort(np.where(finite, middle, np.inf), axis=1, kind="stable")
    half = np.maximum(finite.sum(axis=1) - 1, 0) // 2
    each = np.zeros((len(middle), KEPT), dtype=np.int64)
    each[:, LOW] = np.argmin(np.where(np.isfinite(low), low, np.inf), axis=1)
    each[:, MIDDLE] = rank[np.arange(len(rank)), half]
    each[:, HIGH] = np.argmax(np.where(np.isfinite(high), high, -np.inf), axis=1)
    each[:, BAD] = np.argmax(~np.isfinite(bad), axis=1)
    return each
