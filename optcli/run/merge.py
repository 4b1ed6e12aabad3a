"""Restarts, overlaps and repeated steps: from points in the order they were written to one ascending curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optcli.run.curve import Floats


@dataclass(frozen=True, eq=False)
class Points:
    """One quantity as written: arrays of shape (n,). `order` is the row or the wall time: what was written later is
    larger, and comparable between the columns of a log."""

    order: Floats
    step: Floats
    value: Floats
    time: Floats | None = None

    def take(self, keep: np.ndarray) -> Points:
        """The points at these indices (or where the mask is true)."""
        time = None if self.time is None else self.time[keep]
        return Points(self.order[keep], self.step[keep], self.value[keep], time)


@dataclass(frozen=True)
class Restart:
    """The log turned back to `step` at `order`, from `reached`; `jump` says that it goes on without an overlap."""

    order: float
    step: float
    reached: float


def restarts(points: Points) -> list[Restart]:
    """Where this curve, in the order it was written, turns back."""
    step = points.step
    back = np.flatnonzero(np.diff(step) < 0) + 1
    return [Restart(float(points.order[i]), float(step[i]), float(step[:i].max())) for i in back.tolist()]


def supersede(points: Points, turns: list[Restart]) -> Points:
    """Drop what was written before a restart at the steps from the restart on: the later training counts."""
    if not turns or not len(points.step):
        return points
    keep = np.ones(len(points.step), bool)
    for turn in turns:
        keep &= ~((points.order < turn.order) & (points.step >= turn.step))
    return points if keep.all() else points.take(keep)


def ascending(points: Points, *, first_wins_at_end: bool) -> tuple[Points, int]:
    """Sorted by step with one value a step, and how many values at the last step were set aside.

    The later written value counts, except at the last step of a validation curve: there the first one belongs to the
    training and what follows is a final evaluation.
    """
    step = points.step
    if len(step) < 2 or (np.diff(step) > 0).all():
        return points, 0
    points = points.take(np.lexsort((points.order, step)))
    step = points.step
    last = np.append(step[1:] != step[:-1], True)
    extra = 0
    if first_wins_at_end and len(step) > 1:
        tail = int(np.searchsorted(step, step[-1]))
        extra = len(step) - 1 - tail
        last[tail:] = False
        last[tail] = True
    return points.take(last), extra


def by_clock(points: Points) -> Points:
    """Points of writers that ran at the same time: in the order of steps, at each step the last written last."""
    if points.time is None:
        return points
    order = np.lexsort((points.time, points.step))
    sorted_ = points.take(order)
    return Points(np.sort(points.order), sorted_.step, sorted_.value, sorted_.time)
