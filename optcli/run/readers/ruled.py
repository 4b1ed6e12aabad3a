"""Tables for the eye, with a line of dashes in groups below the header: skorch, nolearn, spaCy, tabulate's `simple`.

      epoch    train_loss    valid_loss    cp     dur
    -------  ------------  ------------  ----  ------
          1        0.5862        0.4727     +  2.2838
          2        0.4481        0.4385        2.2232

Each group of dashes spans a column; a cell may be empty. Before each line may stand the mark of a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.delimited import headline
from optcli.run.numbers import number
from optcli.run.source import Source
from optcli.run.text import Row, sample, tables

_RULE: Final = re.compile(r"([\s#>/|*]{0,40})([-=\u2500\u2501]{2,}(?: +[-=\u2500\u2501]+)+)\s*")
_GROUP: Final = re.compile(r"[^\s]+")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A rule below a header that names a loss or an accuracy."""
    state = _State()
    for line in sample(head, margin=True):
        state.row(line)
    return 0.87 * state.headed


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a line."""
    state = source.keep(_State)
    yield from tables(source, state.row, offset, margin=True, format="ruled-table")


class _State:
    """The columns of the table that the lines are in."""

    def __init__(self) -> None:
        self._before = self._mark = ""
        self._names: list[str] = []
        self._spans: list[tuple[int, int]] = []
        self.headed = False
        """Whether there was a table with a loss at all."""

    def row(self, line: str) -> Row | None:
        """The numbers of a line, if it is a row of a table."""
        if rule := _RULE.fullmatch(line):
            self._begin(rule)
            return None
        self._before = line
        if not self._names or line[: self._spans[0][0]].strip() != self._mark:
            return None
        row = {name: value for name, cell in self._cells(line) if (value := number(cell)) is not None}
        return row if 2 * len(row) >= len(self._names) else None

    def _begin(self, rule: re.Match[str]) -> None:
        """Another table, if the line above the rule is a header."""
        self._mark = rule[1].strip()
        self._spans = [group.span() for group in _GROUP.finditer(rule[0], rule.end(1))]
        names = [self._before[first:end].strip() for first, end in self._spans[:-1]]
        names.append(self._before[self._spans[-1][0] :].strip())
        distinct = len(set(names)) == len(names)
        self._names = [name or "index" for name in names] if distinct and any(map(headline, names)) else []
        self.headed |= bool(self._names)

    def _cells(self, line: str) -> Iterator[tuple[str, str]]:
        """The name and the cell of each column; where one is too wide for its own, the columns are parted by blanks."""
        ends = [0, *(end for _, end in self._spans[:-1])]
        begins = [first for first, _ in self._spans]
        if any(line[end:begin].strip() for end, begin in zip(ends[1:], begins[1:], strict=True)):
            cells = line[len(line[: begins[0]].rstrip()) if self._mark else 0 :].split()
            return zip(self._names, cells, strict=True) if len(cells) == len(self._names) else iter(())
        stops = [*(end for _, end in self._spans[:-1]), len(line)]
        return zip(self._names, (line[a:b] for a, b in zip(begins, stops, strict=True)), strict=True)
