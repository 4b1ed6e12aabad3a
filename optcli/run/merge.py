"""Restarts, overlaps and repeated steps: from points in the order they were written to one ascending curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

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
    """The log turned back from `reached` to `step` at the place `order` of the file or folder `where`, at `time`."""

    order: float
    step: float
    reached: float
    where: str = ""
    time: float | None = None


def strays(step: Floats) -> np.ndarray:
    """Which points alone stand below the one before, the next one being above both again: a damaged number, or an
    evaluation that came late. A restart has more points below, or comes to the very step again. Shape (n,)."""
    alone = np.zeros(len(step), bool)
    alone[1:-1] = (step[1:-1] < step[:-2]) & (step[2:] > step[:-2])
    return alone


def restarts(points: Points, where: str = "") -> list[Restart]:
    """Where this curve, in the order it was written, turns back."""
    step, time = points.step, points.time
    back = np.flatnonzero(np.diff(step) < 0) + 1
    back = back[~strays(step)[back]] if len(back) else back
    high = np.maximum.accumulate(step) if len(back) else step
    return [
        Restart(
            float(points.order[i]), float(step[i]), float(high[i - 1]), where, None if time is None else float(time[i])
        )
        for i in back.tolist()
    ]


def supersede(points: Points, turns: list[Restart], where: str = "") -> Points:
    """Drop what was written before a restart at the steps from the restart on: the later training counts.

    Places in different files can't be compared; there the clock decides, where both have one.
    """
    if not turns:
        return points
    here = [(turn.order, turn.step) for turn in turns if turn.where == where]
    gone = points.step >= _goes_back_to(here, points.order)
    if points.time is not None:
        away = [(turn.time, turn.step) for turn in turns if turn.where != where and turn.time is not None]
        gone |= points.step >= _goes_back_to(away, points.time)
    return points.take(~gone) if gone.any() else points


def _goes_back_to(turns: list[tuple[float, float]], at: Floats) -> Floats:
    """The lowest step of all turns (place, step) behind each of these places; inf where none comes. Shape (n,)."""
    known = [turn for turn in turns if np.isfinite(turn[0])]
    place, step = np.array(sorted(known)).reshape(-1, 2).T
    lowest = np.append(np.minimum.accumulate(step[::-1])[::-1], np.inf)
    return np.asarray(lowest[np.searchsorted(place, at, side="right")])


def ascending(points: Points, *, first_wins_at_end: bool) -> tuple[Points, int]:
    """Sorted by step with one value a step, and how many values at the last step were set aside.

    The later written value counts, unless it strays; except at the last step of a validation curve: there the first
    one belongs to the training and what follows is a final evaluation.
    """
    step = points.step
    if len(step) < 2 or (np.diff(step) > 0).all():
        return points, 0
    points = points.take(np.lexsort((points.order, ~strays(step), step)))
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


def along(columns: Mapping[str, Points], name: str) -> dict[str, Points]:
    """The other columns at the steps that the column `name` says: its value there, or else the last one before, or else
    its first."""
    axis = columns[name]
    order = np.argsort(axis.step, kind="stable")
    order = order[np.isfinite(axis.value[order])]
    moved = {}
    for other, points in columns.items():
        if other != name and len(order):
            place = np.searchsorted(axis.step[order], points.step, side="right") - 1
            moved[other] = replace(points, step=axis.value[order][np.maximum(place, 0)])
    return moved or dict(columns)


FEWEST: Final = 3
APART: Final = 2.0
"""Steps counted in epochs lag behind by more than this factor; anything less could be a slow writer."""


def by_time(lead: Points, points: Points) -> Points | None:
    """Points whose step is an epoch's number, at the steps that the lead had reached when they were written.

    None where the points may well count the lead's steps: they don't run 0, 1, 2 ... (or from 1), they were written
    in one go, or the lead was about there.
    """
    step, clock, when = points.step, lead.time, points.time
    if clock is None or when is None or len(step) < FEWEST or len(lead.step) <= len(step):
        return None
    if step[0] not in (0, 1) or (np.diff(step) != 1).any() or (np.diff(clock) < 0).any():
        return None
    place = np.searchsorted(clock, when, side="right") - 1
    reached = lead.step[np.maximum(place, 0)]
    far = reached[-1] - reached[0] > APART * (step[-1] - step[0]) and reached[-1] > APART * (step[-1] + 1)
    if place[0] < 0 or not far or (np.diff(reached) <= 0).any():
        return None
    return Points(points.order, reached, points.value, when)
