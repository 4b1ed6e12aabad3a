"""The common step axis of a table: which column counts the steps, and what to do when none does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optcli.run.block import Column
from optcli.run.curve import Counts, Floats
from optcli.run.roles import CLOCK_NAMES, EPOCH_NAMES, STEP_NAMES
from optcli.run.stats import median

_AXES = frozenset((*STEP_NAMES, *EPOCH_NAMES))
SAME = 0.75
"""Share of the turns of a counter inside the epoch that come with a new epoch, and the other way round."""
TOO_OFTEN = 0.05
"""An axis that turns back at more than this share of its rows is no axis: resumes are rare."""
ANEW = 4
"""Rows of the shortest of several countings of epochs that are trainings."""


@dataclass(frozen=True)
class Axis:
    """The step of every row (shape (rows,)), where it comes from, and how the user is told."""

    kind: Counts
    name: str
    step: Floats
    remark: str = ""
    inside: tuple[str, float, float] | None = None
    """For a counter inside the epoch: the epoch's column, its first value, and the steps of an epoch."""


def by_name(columns: Mapping[str, Column], wanted: Sequence[str]) -> str | None:
    """The first of the wanted names that the table has, in whatever case."""
    have = {name.strip().lower(): name for name in reversed(list(columns))}
    return next((have[w] for w in wanted if w in have), None)


def clock(columns: Mapping[str, Column], rows: int) -> str | None:
    """The column that holds seconds since some start; one that ever runs backwards is a duration instead."""
    for wanted in CLOCK_NAMES:
        name = by_name(columns, [wanted])
        if name is not None:
            value = columns[name].value
            forward = len(value) < 2 or (bool((np.diff(value) >= 0).all()) and value[-1] > value[0])
            if forward and np.isfinite(value).all():
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


def choose(columns: Mapping[str, Column], rows: int, per_epoch: int = 0, wanted: str = "") -> Axis:
    """Find the axis: a real step column, else the epoch, else the row order (told in `remark`).

    `per_epoch` is the number of steps of an epoch, as the log itself says (0: it doesn't). If there is the column
    `wanted`, no other one counts.
    """
    epoch = by_name(columns, EPOCH_NAMES)
    remark = ""
    known = [name for one in STEP_NAMES if (name := by_name(columns, [one])) is not None]
    given = bool(wanted) and wanted in columns  # a damaged line may have made a column without a name
    counters = [wanted] if given else known
    most = max((len(columns[name].value) for name in counters), default=0)
    for name in counters:
        if len(columns[name].value) < TOO_OFTEN * most:
            continue
        if (found := _counter(columns, rows, name, epoch, per_epoch)) is not None:
            return found
        remark = remark or f"`{name}` is {_fault(fill(columns[name], rows))}"
    if epoch is not None and not given:
        step = fill(columns[epoch], rows)
        if (_steady(step) or _anew(step)) and not _repeats(columns, step):
            return Axis("epoch", epoch, step)
        remark = remark or ("" if _steady(step) else f"`{epoch}` is {_fault(step)}")
    counted = np.arange(rows, dtype=np.float64)
    return Axis("row", "", counted, f"{remark or 'there is no step column'}; rows are counted")


def _counter(columns: Mapping[str, Column], rows: int, name: str, epoch: str | None, per_epoch: int) -> Axis | None:
    """The axis that a column counts, through the epochs if it counts inside them; None if it is no axis."""
    step = fill(columns[name], rows)
    if epoch is not None and epoch != name and (length := within_epoch(step, fill(columns[epoch], rows))):
        inside = epoch, float(fill(columns[epoch], rows)[0]), max(length, float(per_epoch))
        joined = _through(columns, rows, name, inside)
        return Axis("step", name, joined, f"`{name}` counts inside the epoch; steps are counted through", inside)
    kind: Counts = "epoch" if name.strip().lower() in EPOCH_NAMES else "step"
    return Axis(kind, name, step) if _steady(step) or _once(columns) else None


def follow(axis: Axis, columns: Mapping[str, Column], rows: int, before: int) -> Axis:
    """The same axis for the next rows of a long table; without its column the rows are counted on."""
    if axis.kind == "row" or axis.name not in columns:
        last = float(axis.step[-1]) if len(axis.step) else before - 1.0
        return replace(axis, step=last + 1 + np.arange(rows, dtype=np.float64))
    if axis.inside is not None and axis.inside[0] in columns:
        return replace(axis, step=_through(columns, rows, axis.name, axis.inside))
    return replace(axis, step=fill(columns[axis.name], rows))


def within_epoch(step: Floats, epoch: Floats) -> float:
    """Steps of an epoch, for a counter that starts again with each epoch; 0 if it isn't one."""
    if len(step) < 3 or not _steady(epoch):
        return 0.0
    back = np.flatnonzero(np.diff(step) < 0)
    rises = np.diff(epoch) > 0
    together = rises[back].sum()
    if not together or together < SAME * max(len(back), rises.sum()):
        return 0.0
    tops = step[[*back, -1]]
    # A damaged number stands out: no epoch is half as long again as most are.
    first = median(step[[0, *(back + 1)]])
    return float(tops[tops <= 1.5 * median(tops)].max()) + float(first == 0)


def _through(columns: Mapping[str, Column], rows: int, name: str, inside: tuple[str, float, float]) -> Floats:
    epoch, first, length = inside
    return np.asarray((fill(columns[epoch], rows) - first) * length + fill(columns[name], rows))


def _steady(step: Floats) -> bool:
    """Whether it moves, and turns back at most now and then."""
    if len(step) < 2:
        return True
    move = np.diff(step)
    return bool(np.any(move != 0)) and int((move < 0).sum()) <= max(3, TOO_OFTEN * len(move))


def _anew(step: Floats) -> bool:
    """Whether it is several countings from one and the same first value: trainings one after the other."""
    begins = np.flatnonzero(np.diff(step) < 0) + 1
    lengths = np.diff([0, *begins])
    return bool(len(begins)) and bool((step[begins] == step[0]).all()) and int(lengths.min()) >= ANEW


def _once(columns: Mapping[str, Column]) -> bool:
    """Whether the log is so young that everything has been logged once, at its first step."""
    return all(len(c.value) < 2 for n, c in columns.items() if n.strip().lower() not in _AXES)


def _repeats(columns: Mapping[str, Column], step: Floats) -> bool:
    """Whether most values of the longest column share their epoch with the one before: many an epoch.

    Rows alone don't tell: a console may print each quantity of an epoch on a line of its own.
    """
    quantities = [column for name, column in columns.items() if name.strip().lower() not in _AXES]
    longest = max(quantities, key=lambda column: len(column.value), default=None)
    if longest is not None and longest.row is not None:
        step = step[longest.row.astype(np.int64)]
    return len(step) > 2 and float((np.diff(step) == 0).mean()) > 0.6


def _fault(step: Floats) -> str:
    return "constant" if not np.any(np.diff(step) != 0) else "going backwards too often"
