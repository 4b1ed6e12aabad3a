"""Console output that counts nothing: `[08:52:41] cur_loss: 0.118`, again and again. The lines are counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.pairs import pairs
from optcli.run.source import Source
from optcli.run.text import Row, sample, tables

ENOUGH: Final = 8
"""Lines of the same names: what a text says of losses seldom repeats so often."""
LAST_RESORT: Final = 0.05
"""Below every other reader, and too little to be taken for a log unless the user names the file."""
_POINT: Final = re.compile(r"\s*(?:\d{1,9}[.)]|[*+-]) ")
"""A list in a text."""
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Many lines with a loss or an accuracy and the same names."""
    kinds = Counter[tuple[str, ...]]()
    for found in filter(None, map(row, sample(head))):
        kinds[tuple(found)] += 1
        if kinds[tuple(found)] == ENOUGH:
            return LAST_RESORT
    return 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every line that speaks of a loss or an accuracy."""
    yield from tables(source, row, offset, format="uncounted-console")


def row(line: str) -> Row | None:
    """The numbers of a line with a headline quantity in it."""
    said = pairs(line)
    return said.found if said.headlines() and not _POINT.match(line) else None
