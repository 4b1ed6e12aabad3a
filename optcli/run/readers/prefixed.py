"""Tables among other lines: behind a logger's mark (`INFO ... : 20<tab>0.5<tab>0.6`), or names again above each row.

    2024-08-19 13:28:48 INFO [main] model : Step	Train loss	Valid loss
    2024-08-19 13:49:20 INFO [main] model : 33440	1.816622	nan

The names are a line of words of which one is that of a loss; rows are lines of as many numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.delimited import headline
from optcli.run.numbers import number
from optcli.run.source import Source
from optcli.run.text import Row, sample, tables

_MARK: Final = re.compile(r"^.{0,120}?\b(?:INFO|DEBUG|WARNING)\b[^\t]{0,120}[:|\]>-] +")
_BETWEEN: Final = re.compile(r"\s*[\t,;]\s*")
_ADORNED: Final = "*#=-~ "
_NAME: Final = re.compile(r"[\w/()@-]{1,40}(?: [\w/()@-]{1,40}){0,2}")
"""Up to three words."""
ENOUGH: Final = 3
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A line of names and some of numbers below it."""
    state = _State()
    rows = [row for line in sample(head) if (row := state.row(line)) is not None]
    return 0.42 if len(rows) >= ENOUGH else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a line."""
    yield from tables(source, source.keep(_State).row, offset, format="prefixed-table")


class _State:
    """The names that the last line of names had."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def row(self, line: str) -> Row | None:
        """The numbers of a line, if it is a row.

        Where one loss is a number and another NaN, that one was not measured in this row.
        """
        cells = _cells(line)
        values = [number(cell) for cell in cells]
        if len(cells) < 2 or not any(cells):
            return None
        if not any(value is not None for value in values):
            names = [cell.strip(_ADORNED) for cell in cells]
            if all(map(_NAME.fullmatch, names)) and any(map(headline, names)):
                self._names = names
            return None
        if len(cells) != len(self._names) or None in values:
            return None
        row = {name: value for name, value in zip(self._names, values, strict=True) if value is not None}
        measured = any(headline(name) and math.isfinite(value) for name, value in row.items())
        return {name: value for name, value in row.items() if not (measured and math.isnan(value))}


def _cells(line: str) -> list[str]:
    found = _MARK.match(line)
    return _BETWEEN.split((line[found.end() :] if found else line).strip())
