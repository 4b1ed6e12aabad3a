"""What a table holds, found by reading through it without numpy: columns, classes, and which rows validate."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from optcli.parts.datasets.csv.table import MISSING, Row, column, number, rows

if TYPE_CHECKING:
    from optcli.parts.datasets.csv import Options

FEW: Final = 20
"""A target of at most so many different whole numbers is taken for classes: scores and grades have fewer, counts more."""
MOSTLY: Final = 0.9
"""Where more than this share of a column's cells are numbers, the others are mistakes and not words."""
WORDS: Final = 1000
"""A column with more different words than this is a name or a text, which one-hot columns can't help to learn from."""


@dataclass(slots=True)
class Column:
    """An input column. With `words` it is one-hot, without it is a number; `gaps` says that training cells are missing."""

    name: str
    index: int
    numbers: int = 0
    stranger: str = ""
    """The first cell that is no number, as `line: cell`."""
    words: list[str] | None = None
    gaps: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """All that `facts` and `load` need to know of a table before its numbers are read."""

    columns: list[Column]
    target: int
    classes: list[str]
    """Labels in order; empty for a regression."""
    target_mean: float
    target_deviation: float
    """Of the finite training targets (regression)."""
    target_variance: float
    """Of the finite validation targets once standardised (regression)."""
    held_out: frozenset[bytes]
    """Keys of the rows that are for validation."""
    train: int
    val: int

    @property
    def features(self) -> list[str]:
        """Names of the inputs' columns, in order."""
        return [name for c in self.columns for name in _names(c)]


def survey(options: Options) -> Survey:
    """Read through the file or files; the result is kept until one of them changes.

    Raises:
        OSError, ValueError: see `optcli.parts.datasets.csv.facts`.
    """
    files = [options.file] + ([options.validation_file] if options.validation_file else [])
    stats = [os.stat(os.path.expanduser(file)) for file in files]
    return _survey(options, tuple((os.path.abspath(f), s.st_mtime_ns, s.st_size) for f, s in zip(files, stats, strict=True)))


def parted(options: Options, held_out: frozenset[bytes]) -> Iterator[tuple[bool, str, Row]]:
    """(is it for validation, file, row) for every row but the headers."""
    for file, fixed in ((options.file, None), (options.validation_file, True)):
        if file:
            for row in _body(file):
                yield (key(row, options) in held_out if fixed is None else fixed), file, row


def key(row: Row, options: Options) -> bytes:
    """A number that identical rows share; ordering by it is a shuffle that depends on `split_seed` alone."""
    text = "\x1f".join(row.cells).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=8, salt=str(options.split_seed).encode()[-16:]).digest()


@lru_cache(maxsize=8)
def _survey(options: Options, _files: tuple[tuple[str, int, int], ...]) -> Survey:
    header, target = _columns_of(options)
    drop = {column(options.file, header, name) for name in options.drop} | {target}
    columns = [Column(name, i) for i, name in enumerate(header) if i not in drop]
    if not columns:
        raise ValueError(f"{options.file}:1: no input column is left besides the target `{header[target]}`")
    keys, labels = _first_pass(options, columns, target)
    classes = _classes(options, labels)
    held_out = frozenset() if options.validation_file else _choose(keys, options.validation, bool(classes))
    train, val, mean, deviation, variance = _second_pass(options, columns, target, held_out, bool(classes))
    return Survey(columns, target, classes, mean, deviation, variance, held_out, train, val)


def _columns_of(options: Options) -> tuple[list[str], int]:
    header = next(rows(_path(options.file))).cells
    if options.validation_file:
        other = next(rows(_path(options.validation_file))).cells
        if other != header:
            raise ValueError(f"{options.validation_file}:1: the columns differ from those of {options.file}")
    return header, column(options.file, header, options.target) if options.target is not None else len(header) - 1
