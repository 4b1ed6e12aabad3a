"""Numbers without names, as `numpy.savetxt` and a bare `print(loss)` leave them: the first column that isn't a step."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from optcli.run import notes as say
from optcli.run.block import Block
from optcli.run.numbers import number
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
_CELLS: Final = re.compile(r"[\s,;|]+")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of as many numbers each, and nothing else."""
    if not _columns(head):
        return 0.0
    return 0.45 if NAMED.search(name.rpartition("/")[2]) else 0.1


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a line; a first column of rising whole numbers counts the steps."""
    names = _columns(source.head())
    if not names:
        return
    lead = next(name for name in names if name != "step")
    if not offset:
        what = f"no names above the numbers: `{lead}` is taken for the training loss; --map train/loss=NAME for another"
        yield Block({}, notes=(say.note(say.NO_NAMES, what),))
    yield from tables(
        source, partial(_row, names), offset, strict=True, format="headerless", roles={"train/loss": lead}
    )


def _columns(head: bytes) -> tuple[str, ...]:
    """The names that the columns are given; none for anything but numbers."""
    rows = [[number(cell) for cell in _cells(line)] for line in sample(head)[:LOOKED_AT]]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    whole = [[value for value in row if value is not None] for row in rows if len(row) == width]
    whole = [row for row in whole if len(row) == width]
    if len(whole) < max(LEAST, MOSTLY * len(rows)) or not 1 <= width <= MOST:
        return ()
    first = [row[0] for row in whole]
    rises = sum(b > a and b.is_integer() for a, b in pairwise(first))
    names = tuple(f"column {at}" for at in range(1, width + 1))
    return ("step", *names[1:]) if rises >= MOSTLY * (len(first) - 1) and width > 1 else names


def _cells(line: str) -> list[str]:
    return _CELLS.split(line.strip(" \t\r\n,;|[]()"))


def _row(names: tuple[str, ...], line: str) -> Row | None:
    values = [number(cell) for cell in _cells(line)]
    found = {name: value for name, value in zip(names, values, strict=False) if value is not None}
    return found if len(values) == len(names) else None
