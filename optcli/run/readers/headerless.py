"""Numbers without names, as `numpy.savetxt` and a bare `print(loss)` leave them: a sum, or the first that may be it.

Words on a line of their own are a heading. Above single numbers one may say what they are: `Generator Losses:`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import combinations, pairwise
from math import isclose
from typing import Final

from optcli.run import notes as say
from optcli.run.block import Block
from optcli.run.numbers import number
from optcli.run.pairs import headline
from optcli.run.source import Source
from optcli.run.text import Row, sample, tables

LOOKED_AT: Final = 20
LEAST: Final = 3
MOST: Final = 12
"""Lines that are looked at, that there must be, and columns beyond which it is a table of something else."""
MOSTLY: Final = 0.8
"""Share of the lines that must be rows of numbers; the others are damaged."""
NAMED: Final = re.compile(r"loss|train|log\b|hist|metric|curve|error", re.I)
"""In the name of a file that holds a training's numbers; any other one has to be named by the user."""
CLEAR: Final = 0.6
"""Rank correlation from which on a column plainly rises or falls: four pairs of lines of five agree."""
ROUNDED: Final = 1e-3
"""Relative rounding of printed numbers, up to which one is the sum of others."""
UNDECIDED: Final = "the first rises, and several fall; --map train/loss=NAME says which is the training loss"
TITLES: Final = ("0", ",0")
Values = tuple[float, ...]
_CELLS: Final = re.compile(r"[\s,;|]+")
_HEADING: Final = re.compile(r"[-=*\[(]*\s*([^\W\d_]{2}[^\x00-\x1f\x7f\ufffd]{0,80})")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of as many numbers each, and nothing else."""
    if not _columns(head)[0]:
        return 0.0
    return 0.45 if NAMED.search(name.rpartition("/")[2]) else 0.1


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a line; the first column of rising whole numbers counts the steps, other whole numbers something else."""
    names, lead = _columns(source.head())
    if not names:
        return
    state = source.keep(_Section)
    if len(names) == 1 and any(map(_named, sample(source.head())[:LOOKED_AT])):
        yield from tables(source, state.row, offset, odd=_odd, format="headerless")
        return
    if not offset:
        taken = f"`{lead}` is taken for the training loss; --map train/loss=NAME for another"
        what = f"no names above the numbers: {taken if lead else UNDECIDED}"
        yield Block({}, notes=(say.note(say.NO_NAMES, what),))
    roles = {"train/loss": lead} if lead else {}
    titled = _titled(source.head())
    parse = partial(_titled_row if titled else _row, names)
    yield from tables(source, parse, offset, odd=_odd, format="headerless", roles=roles)


class _Section:
    """The heading that single numbers stand below, and how many have."""

    def __init__(self) -> None:
        self._name = "column 1"
        self._count = 0

    def row(self, line: str) -> Row | None:
        """A line's number, under its heading's name."""
        if name := _named(line):
            self._name, self._count = name, 0
            return None
        row = _row((self._name,), line)
        self._count += row is not None
        return None if row is None else {"step": self._count - 1.0, **row}


def _named(line: str) -> str:
    """What a heading says that the numbers below it are, if it is a loss or an accuracy."""
    name = found[1].rstrip(" :=-*])") if (found := _HEADING.fullmatch(line.strip())) else ""
    return name if headline(name) else ""


def _odd(line: str) -> bool:
    return _HEADING.fullmatch(line.strip()) is None and line.strip() not in TITLES


def _titled(head: bytes) -> bool:
    """Whether the first line is what pandas calls the values of a series that has no name: `0`, or `,0` above steps."""
    first, *others = [line.strip() for line in sample(head)[:LOOKED_AT]]
    values = [number(cells(line)[-1]) for line in others]
    return first in TITLES and bool(values) and not any(value is None or value.is_integer() for value in values)


def _columns(head: bytes) -> tuple[tuple[str, ...], str]:
    """The names that the columns are given, and that of the loss among them, if it can be told; none for anything but
    numbers."""
    lines = sample(head)[:LOOKED_AT]
    if lines and lines[0].strip() == "[":
        return (), ""  # a JSON document
    rows = [[number(cell) for cell in cells(line)] for line in lines]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    whole = [[value for value in row if value is not None] for row in rows if len(row) == width]
    whole = [row for row in whole if len(row) == width]
    if len(whole) < max(LEAST, MOSTLY * len(rows)) or not 1 <= width <= MOST:
        return (), ""
    columns = list(zip(*whole, strict=True))
    step = next((at for at, values in enumerate(columns) if width > 1 and _rises(values)), None)
    names = tuple("step" if at == step else f"column {at + 1}" for at in range(width))
    lead = _lead({at: values for at, values in enumerate(columns) if at != step})
    return names, "" if lead is None else names[lead]


def _lead(columns: dict[int, Values]) -> int | None:
    """The place of the loss: the sum of other columns; else the first with fractions, unless it rises and others fall:
    then the one that falls, and of several none."""
    broken = {at: values for at, values in columns.items() if not all(value.is_integer() for value in values)}
    if (total := _total(broken)) is not None:
        return total
    first = next(iter(broken or columns))
    falling = [at for at, values in broken.items() if _trend(values) < -CLEAR]
    if _trend(columns[first]) <= CLEAR or not falling:
        return first
    return falling[0] if len(falling) == 1 else None


def _total(columns: dict[int, Values]) -> int | None:
    """The place of a column that is the sum of those right before it, or right behind it, in every line."""
    places = list(columns)
    for at, place in enumerate(places):
        before, behind = places[:at][::-1], places[at + 1 :]
        for parts in (side[:count] for side in (before, behind) for count in range(2, len(side) + 1)):
            lines = zip(*(columns[one] for one in (place, *parts)), strict=True)
            if all(0 not in line and isclose(line[0], sum(line[1:]), rel_tol=ROUNDED) for line in lines):
                return place
    return None


def _trend(values: Values) -> float:
    """How surely a column rises (1) or falls (-1): Kendall's rank correlation with the line's number (Kendall 1938,
    doi:10.1093/biomet/30.1-2.81)."""
    pairs = list(combinations(values, 2))
    return sum((b > a) - (b < a) for a, b in pairs) / max(1, len(pairs))


def _rises(values: Values) -> bool:
    """Whether a column counts: nearly every value is a whole number above the one before."""
    return sum(b > a and b.is_integer() for a, b in pairwise(values)) >= MOSTLY * (len(values) - 1)


def cells(line: str) -> list[str]:
    return _CELLS.split(line.strip(" \t\r\n,;|[]()"))


def _row(names: tuple[str, ...], line: str) -> Row | None:
    values = [number(cell) for cell in cells(line)]
    found = {name: value for name, value in zip(names, values, strict=False) if value is not None}
    return found if len(values) == len(names) else None


def _titled_row(names: tuple[str, ...], line: str) -> Row | None:
    return None if line.strip() in TITLES else _row(names, line)
