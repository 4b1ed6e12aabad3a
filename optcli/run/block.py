"""What a reader hands over: pieces of a log as named columns, before anybody knows which column plays which role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from optcli.run.curve import Counts, End, Floats, Note, read_only
from optcli.run.numbers import number


class Unreadable(Exception):
    """A path that gives no curve. `path` is as typed, `reason` says in plain words why."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity in a block: n values, all arrays of shape (n,).

    In a table `row` says in which of the block's rows each value stands (None: in every row, in order). A series with
    an axis of its own (TensorBoard, MLflow) carries `step` and, where known, `time` in seconds; there `row` is the
    place in the file, comparable between series (None: in order).
    """

    value: Floats
    row: Floats | None = None
    step: Floats | None = None
    time: Floats | None = None


@dataclass(frozen=True, eq=False)
class Block:
    """A piece of a log.

    `rows` is the number of table rows it covers; `run` tells the runs of one file apart; `end_offset` is the byte up
    to which the file has been used, so that a growing file can be read on from there.
    """

    columns: Mapping[str, Column]
    rows: int = 0
    run: str = ""
    format: str | None = None
    cut: bool = False
    """Another session begins behind this block (a repeated header)."""
    axis: Counts | None = None
    """`epoch` where the format counts epochs in its steps."""
    restarts: tuple[tuple[float, float], ...] = ()
    """(place in the file, step): from this step on, what stands before this place doesn't count."""
    seams: tuple[float, ...] = ()
    """Steps at which a resumed run goes on, where the log says so itself."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role -> column, where the format itself says so."""
    planned: int | None = None
    """Steps that the run is to take."""
    epochs: int | None = None
    """Epochs that the run is to take, where the log says only that."""
    per_epoch: int | None = None
    """Steps of an epoch, where the log says so."""
    end: End | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    end_offset: int = 0
    torn: bool = False
    """It stands for a last line or record that isn't ended yet, and is read again when there is more."""


class Reader(Protocol):
    """One log format; a module of `optcli.run.readers`.

    `sniff` says from the first bytes how sure it is (0 to 1, no I/O); `blocks` reads. A reader of whole documents
    ignores `offset`. Optional: `home(path) -> str` names the run a file belongs to (default: each file is one),
    `pick(paths) -> paths` chooses among the files of one run, `OWNS = True` says that whatever else lies in a run's
    folder belongs to that run and is not read again, `GROWS = True` that what `blocks` gives for a longer file is what
    it gave before and what it gives from the last `end_offset` on (`Source.keep` holds what must be known then).
    """

    def sniff(self, head: bytes, name: str) -> float: ...
    def blocks(self, source: Any, offset: int = 0) -> Iterator[Block]: ...


def table(rows: list[dict[str, float]], **more: Any) -> Block:
    """A block from rows of numbers; a key that a row lacks was not logged there."""
    places: dict[str, list[int]] = {}
    values: dict[str, list[float]] = {}
    for i, row in enumerate(rows):
        for name, value in row.items():
            if name not in places:
                places[name], values[name] = [], []
            places[name].append(i)
            values[name].append(value)
    columns = {
        name: Column(_floats(values[name]), None if len(at) == len(rows) else read_only(at))
        for name, at in places.items()
    }
    return Block(columns, rows=len(rows), **more)


def _floats(values: list[float]) -> Floats:
    try:
        return read_only(values)
    except OverflowError:  # JSON knows integers beyond every float
        return read_only([number(value) or 0.0 for value in values])


def series(value: Any, step: Any = None, time: Any = None) -> Column:
    """A column with its own axis; without steps the points are counted from 0."""
    values = read_only(value)
    steps = read_only(np.arange(len(values)) if step is None else step)
    return Column(values, step=steps, time=None if time is None else read_only(time))
