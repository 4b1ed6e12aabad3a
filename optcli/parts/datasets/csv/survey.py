"""What a table holds, found by reading through it without numpy: columns, classes, and which rows validate."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from optcli.parts.datasets import embedded
from optcli.parts.datasets.csv.columns import Input, Target
from optcli.parts.datasets.csv.cut import Cut, Doubles
from optcli.parts.datasets.csv.table import Row, column, rows

if TYPE_CHECKING:
    from optcli.parts.datasets.csv import Options

BUNDLED: Final = "optcli:"
"""A file's name begins so when it comes with the package."""


@dataclass(frozen=True, slots=True)
class Survey:
    """All that `facts` and `load` need to know of a table before its numbers are read."""

    inputs: list[Input]
    target: Target
    cut: Cut
    held_out: frozenset[bytes]
    """Keys of the rows of `file` that are for validation."""
    train: int
    val: int
    mean: float
    deviation: float
    """Of the finite training targets (regression)."""
    variance: float
    """Of the finite validation targets once standardised (regression)."""
    notes: tuple[str, ...] = ()
    """What the user should know: see `optcli.parts.datasets.Splits`."""

    @property
    def features(self) -> list[str]:
        """Names of the features, in order."""
        return [name for one in self.inputs for name in one.features]


def survey(options: Options) -> Survey:
    """Read through the file or files; the result is kept until one of them changes.

    Raises:
        OSError, ValueError: see `optcli.parts.datasets.csv.facts`.
    """
    stats = [os.stat(path) for path in _paths(options)]
    return _survey(options, os.getcwd(), tuple((found.st_mtime_ns, found.st_size, found.st_ino) for found in stats))


def parted(options: Options, cut: Cut, held_out: frozenset[bytes]) -> Iterator[tuple[bool, str, Row]]:
    """(is it for validation, `file:line`, row) for every row but the headers."""
    for number, path in enumerate(_paths(options)):
        for row in _body(path, options.drop):
            yield number == 1 or cut.key(row) in held_out, f"{path}:{row.line}", row


def _paths(options: Options) -> list[str]:
    return [_path(file) for file in (options.file, options.validation_file) if file]


def _path(file: str) -> str:
    """The file that is meant: one that comes with the package, or the user's."""
    name = file.removeprefix(BUNDLED)
    return str(embedded(name)) if name != file else os.path.expanduser(file)


def _body(path: str, drop: tuple[str, ...]) -> Iterator[Row]:
    table = rows(path, drop)
    next(table)
    return table


@lru_cache(maxsize=8)
def _survey(options: Options, _directory: str, _stamps: tuple[tuple[int, int, int], ...]) -> Survey:
    inputs, target, cut = _columns(options)
    labels = _first_reading(options, inputs, target, cut)
    target.settle(options.file)
    for one in inputs:
        one.settle(options.file)
    held_out = frozenset() if options.validation_file else cut.choose(labels, options.validation, target)
    counts, values, notes = _second_reading(options, inputs, target, cut, held_out)
    if not all(counts):
        of_each = " of each class" if target.classes else ""
        raise ValueError(f"{options.file}: too few different rows{of_each} for a training and a validation part")
    train, val = ([value for value in part if math.isfinite(value)] for part in values)
    mean, deviation = (statistics.fmean(train), statistics.pstdev(train) or 1.0) if train else (0.0, 1.0)
    variance = statistics.pvariance(val) / deviation**2 if val else 0.0
    return Survey(inputs, target, cut, held_out, counts[0], counts[1], mean, deviation, variance, notes)


def _columns(options: Options) -> tuple[list[Input], Target, Cut]:
    """The input columns, the target, and what decides on the parts, by the header."""
    paths = _paths(options)
    headers = [next(rows(path)).cells for path in paths]
    if headers[-1] != headers[0]:
        raise ValueError(f"{paths[-1]}:1: the columns differ from those of {paths[0]}")
    header = headers[0]
    cut = Cut.of(options, paths[0], header)
    out = {column(paths[0], header, name) for name in (*options.drop, *cut.columns)}
    left = [name for index, name in enumerate(header) if index not in out]
    if options.target in options.drop:
        raise ValueError(f"{paths[0]}:1: `{options.target}` is both `target` and in `drop`; remove one of them")
    if options.target is None and not left:
        raise ValueError(f"{paths[0]}:1: no column is left for the target; drop fewer")
    goal = left[-1] if options.target is None else options.target
    out.add(column(paths[0], header, goal))
    inputs = [Input(name, index) for index, name in enumerate(header) if index not in out]
    if not inputs:
        raise ValueError(f"{paths[0]}:1: no input column is left besides the target `{goal}`")
    return inputs, Target(goal, header.index(goal), task=options.task), cut


def _first_reading(options: Options, inputs: Iterable[Input], target: Target, cut: Cut) -> dict[bytes, list[str]]:
    """Show every cell to its column. The target's cells of each different row of `file`, by the row's key."""
    labels: dict[bytes, list[str]] = {}
    for is_val, where, row in parted(options, cut, frozenset()):
        for one in inputs:
            one.see(row.cells[one.index], where)
        label = row.cells[target.index]
        target.see(label, where)
        if not is_val:
            cut.see(row, where)
            labels.setdefault(cut.key(row), []).append(label)
    return labels


def _second_reading(
    options: Options, inputs: list[Input], target: Target, cut: Cut, held_out: frozenset[bytes]
) -> tuple[list[int], tuple[list[float], list[float]], tuple[str, ...]]:
    """Rows and (regression) target values of the training and the validation part; learns the training part's words."""
    doubles = (
        Doubles([*(one.index for one in inputs), target.index]) if options.validation_file or cut.columns else None
    )
    counts: list[int] = [0, 0]
    values: tuple[list[float], list[float]] = ([], [])
    for is_val, where, row in parted(options, cut, held_out):
        if doubles:
            doubles.see(is_val, where, row)
        counts[is_val] += 1
        if not target.classes:
            values[is_val].append(float(row.cells[target.index]))
        if not is_val:
            for one in inputs:
                one.learn(row.cells[one.index], where)
    return counts, values, doubles.notes() if doubles else ()
