"""The common step axis of a table: which column counts the steps, and what to do when none does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optcli.run.block import Column
from optcli.run.curve import Floats
from optcli.run.roles import CLOCK_NAMES, EPOCH_NAMES, STEP_NAMES

TOO_OFTEN = 0.05
"""An axis that turns back at more than this share of its rows is no axis: resumes are rare."""


@dataclass(frozen=True)
class Axis:
    """The step of every row (shape (rows,)), where it comes from, and how the user is told."""

    kind: str
    """`step`, `epoch` or `row`."""
    name: str
    step: Floats
    remark: str = ""


def by_name(columns: Mapping[str, Column], wanted: Sequence[str]) -> str | None:
    """The first of the wanted names that the table has, in whatever case."""
    have = {name.strip().lower(): name for name in reversed(list(columns))}
    return next((have[w] for w in wanted if w in have), None)


def clock(columns: Mapping[str, Column], rows: int) -> str | None:
    """The column that holds seconds since some start; one that ever runs backwards is a duration instead."""
    for wanted in CLOCK_NAMES:
        name = by_name(columns, [wanted])
        if name is not None and len(columns[name].value) > 1:
            value = columns[name].value
            if np.isfinite(value).all() and (np.diff(value) >= 0).all() and value[-1] > value[0]:
                return name
    return None


def fill(column: Column, rows: int) -> Floats:
    """The column's value in every row: where it is missing the last one before holds (at the start, the first)."""
    if column.row is None and np.isfinite(column.value).all():
        return column.value
    dense = np.full(rows, np.nan)
    dense[slice(None) if column.row is None else column.row.astype(np.int64)] = column.value
    known = np.flatnonzero(np.isfinite(dense))
    if not len(known):
        return np.arange(rows, dtype=np.float64)
    last = np.searchsorted(known, np.arange(rows), side="right") - 1
    return np.asarray(dense[known[np.maximum(last, 0)]])


def choose(columns: Mapping[str, Column], rows: int) -> Axis:
    """Find the axis: a real step column, else the epoch, else the row order (told in `remark`)."""
    epoch = by_name(columns, EPOCH_NAMES)
    remark = ""
    for wanted in STEP_NAMES:
        name = by_name(columns, [wanted])
        if name is None:
            continue
        step = fill(columns[name], rows)
        if _steady(step):
            return Axis("step", name, step)
        if epoch is not None and (joined := within_epoch(step, fill(columns[epoch], rows))) is not None:
            return Axis("step", name, joined, f"`{name}` counts inside the epoch; steps are counted through")
        remark = remark or f"`{name}` is {_fault(step)}"
    if epoch is not None:
        step = fill(columns[epoch], rows)
        if _steady(step) and not _repeats(step):
            return Axis("epoch", epoch, step)
        remark = remark or ("" if _steady(step) else f"`{epoch}` is {_fault(step)}")
    counted = np.arange(rows, dtype=np.float64)
    return Axis("row", "", counted, f"{remark or 'there is no step column'}; rows are counted")


def within_epoch(step: Floats, epoch: Floats) -> Floats | None:
    """Steps counted through, for a counter that starts again with each epoch; None if it isn't one."""
    if len(step) < 3 or not _steady(epoch):
        return None
    back = np.flatnonzero(np.diff(step) < 0)
    if not len(back) or (np.diff(epoch)[back] <= 0).any():
        return None
    length = float(step.max()) + (step.min() == 0)
    return np.asarray((epoch - epoch[0]) * length + step)


def _steady(step: Floats) -> bool:
    """Whether it moves, and turns back at most now and then."""
    if len(step) < 2:
        return True
    move = np.diff(step)
    return bool(np.any(move != 0)) and int((move < 0).sum()) <= max(3, TOO_OFTEN * len(move))


def _repeats(step: Floats) -> bool:
    """Whether most rows share their value with the row before: many rows an epoch."""
    return len(step) > 2 and float((np.diff(step) == 0).mean()) > 0.6


def _fault(step: Floats) -> str:
    return "constant" if not np.any(np.diff(step) != 0) else "going backwards too often"
