"""A log being put together: blocks come in, columns of points in the order they were written come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optcli.run import notes as say
from optcli.run.axis import Axis, choose, clock, fill, follow
from optcli.run.block import Block, Column
from optcli.run.curve import Counts, End, Floats, Note
from optcli.run.merge import Points, Restart, along
from optcli.run.source import Source
from optcli.run.thin import Pile

PER_FILE: Final = float(1 << 40)
"""Places in the second file of a run come after all those in the first."""


class Writer:
    """The steps and the times that one file covers."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.began, self.ended = np.inf, -np.inf

    def note(self, key: str, points: Points) -> None:
        """Take in what the file says of one quantity."""
        if len(points.step):
            self.first[key] = min(self.first.get(key, np.inf), float(points.step.min()))
            self.last[key] = max(self.last.get(key, -np.inf), float(points.step.max()))
            if points.time is not None:
                self.began = min(self.began, float(points.time.min()))
                self.ended = max(self.ended, float(points.time.max()))


class Log:
    """One run of a file or directory while it is read; memory stays bounded however long the log is."""

    def __init__(self, format: str, notes: Iterable[Note] = (), step: str = "") -> None:
        self.format = format
        self.step = step
        """The column that the user says counts the steps."""
        self.kind: Counts = "step"
        self.planned: int | None = None
        self.epochs: int | None = None
        self.per_epoch: int | None = None
        self.end: End = "unknown"
        self.config: dict[str, Any] = {}
        self.roles: dict[str, str] = {}
        self.notes = list(notes)
        self.seams: list[float] = []
        self.turns: list[Restart] = []
        self.cuts: list[float] = []
        """Rows at which a table says that another session begins."""
        self.where: dict[str, str] = {}
        """Column -> the file or folder within which the places of its points can be compared (a table: ``)."""
        self._file = 0
        self._writers: dict[str, list[Writer]] = {}
        self._piles: dict[str, Pile] = {}
        self._pending: list[Block] = []
        self._rows = self._waiting = self._stepless = 0
        self._axis: Axis | None = None

    def add(self, block: Block, name: str) -> None:
        """Take in the next block of the file `name`."""
        self.format = block.format or self.format
        self.kind = block.axis or self.kind
        self.planned = self.planned if block.planned is None else block.planned
        self.epochs = block.epochs or self.epochs
        self.per_epoch = block.per_epoch or self.per_epoch
        self.end = block.end or self.end
        self.config |= block.config
        self.roles |= block.roles
        self.seams += block.seams
        self.notes += block.notes
        if block.cut:
            self.cuts.append(float(self._rows + self._waiting))
        if block.rows:
            self._pending.append(block)
            self._waiting += block.rows
            if self._waiting >= min(Pile.LIMIT, Pile.BUDGET // max(1, len(block.columns))):
                self._settle()
        else:
            base, folder = self._file * PER_FILE, name.rpartition("/")[0]
            self.turns += [Restart(base + at, step, step, f"/{folder}") for at, step in block.restarts]
            for key, column in block.columns.items():
                self.where[key] = key if column.row is None else f"/{folder}"
                pile = self._pile(key)
                points = _own_axis(column, base, pile.seen + self._stepless)
                self._stepless += len(column.value) - len(points.value)
                pile.add(points)
                self._writer(name).note(key, points)

    def end_file(self, source: Source) -> None:
        """Note what of the file could not be used."""
        if source.skipped:
            where = ", ".join(f"{a}-{b}" for a, b in source.skipped[:20])
            more = f" and {len(source.skipped) - 20} more" if len(source.skipped) > 20 else ""
            bad = sum(b - a for a, b in source.skipped)
            many = "1 damaged stretch" if len(source.skipped) == 1 else f"{len(source.skipped)} damaged stretches"
            what = f"{source.name}: skipped {many} ({bad} bytes)"
            self.notes.append(say.note(say.DAMAGED, f"{what}, at bytes {where}{more}"))
            source.skipped = []
        self._file += 1

    def _writer(self, name: str) -> Writer:
        """What is known of the file being read, beside the earlier files of its folder."""
        files = self._writers.setdefault(name.rpartition("/")[0], [])
        if not files or files[-1].file != self._file:
            files.append(Writer(self._file))
        return files[-1]

    def sessions(self) -> Iterator[tuple[Writer, Writer]]:
        """Pairs of files, one after the other, that one folder's run was written into."""
        for files in self._writers.values():
            yield from pairwise(files)

    def columns(self) -> dict[str, Points]:
        """All that was read, by column."""
        self._settle()
        if self._stepless:
            self.notes.append(say.note(say.DAMAGED, f"left out for want of a step: {self._stepless:,} points"))
        thinned = [pile for pile in self._piles.values() if pile.thinned]
        if thinned:
            what = f"{len(thinned)} curves of up to {max(p.seen for p in thinned):,} points were thinned"
            lost = sum(p.nonfinite for p in thinned)
            self.notes.append(say.note(say.THINNED, f"{what}; {lost:,} of the values are not finite"))
        found = {name: pile.points() for name, pile in self._piles.items()}
        if self._axis is not None or self.step not in found:
            return found
        self.kind = "step"
        return along(found, self.step)

    def counted_by(self) -> dict[str, str]:
        """The column that the user named, under the role of the step, where the steps are what it says."""
        here = self.step in self._piles if self._axis is None else self._axis.name == self.step
        return {"step": self.step} if self.step and here else {}

    def plan(self) -> int | None:
        """The steps that the run is to take, as its axis counts them."""
        if self.kind == "epoch":
            return self.epochs if self.planned is None else self.planned
        inside = self._axis.inside if self._axis is not None else None
        if inside is not None and self.epochs:
            return round(self.epochs * inside[2])
        return self.planned

    def _pile(self, name: str) -> Pile:
        pile = self._piles.setdefault(name, Pile())
        pile.share(len(self._piles))
        return pile

    def _settle(self) -> None:
        """Give the waiting rows their steps and move them to the piles."""
        if not self._pending:
            return
        columns, rows = _join(self._pending), self._waiting
        self._pending, self._waiting = [], 0
        if self._axis is None:
            axis = choose(columns, rows, self.per_epoch or 0, self.step)
            self.kind = axis.kind
            if axis.remark:
                self.notes.append(say.note(say.ROW_ORDER, axis.remark))
        else:
            axis = follow(self._axis, columns, rows, self._rows)
        self._axis, step = axis, axis.step
        ticks = clock(columns, rows)
        time = None if ticks is None else fill(columns[ticks], rows)
        order = np.arange(rows, dtype=np.float64) + self._rows
        self._rows += rows
        unsaid = _unsaid(columns, axis.name, rows)
        for name, column in columns.items():
            if name not in (axis.name, ticks):
                at = slice(None) if column.row is None else column.row.astype(np.int64)
                points = Points(order[at], step[at], column.value, None if time is None else time[at])
                if unsaid is not None:
                    points = points.take(~unsaid[at] | np.append(True, np.diff(points.step) != 0))
                self._pile(name).add(points)


def _unsaid(columns: dict[str, Column], axis: str, rows: int) -> npt.NDArray[np.bool_] | None:
    """Which rows don't say their step and have that of the row before; None if all say it. What they repeat of that row
    was meant for another step."""
    if axis not in columns or (said := columns[axis].row) is None:
        return None
    unsaid = np.ones(rows, bool)
    unsaid[said.astype(np.int64)] = False
    return unsaid


def _own_axis(column: Column, base: float, seen: int) -> Points:
    """The column's points that have a step; `seen` came before and are counted on from."""
    count = np.arange(len(column.value), dtype=np.float64) + seen
    step = column.step if column.step is not None else count
    order = (column.row if column.row is not None else count) + base
    points = Points(order, step, column.value, column.time)
    known = np.isfinite(step)
    return points if known.all() else points.take(known)


def _join(blocks: list[Block]) -> dict[str, Column]:
    """The blocks' tables below each other."""
    if len(blocks) == 1:
        return dict(blocks[0].columns)
    parts: dict[str, list[tuple[Floats, Floats]]] = {}
    base = 0
    for block in blocks:
        for name, column in block.columns.items():
            row = np.arange(block.rows, dtype=np.float64) if column.row is None else column.row
            parts.setdefault(name, []).append((column.value, row + base))
        base += block.rows
    joined = {}
    for name, pieces in parts.items():
        row = np.concatenate([r for _, r in pieces])
        joined[name] = Column(np.concatenate([v for v, _ in pieces]), None if len(row) == base else row)
    return joined
