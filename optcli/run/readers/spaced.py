"""Tables among console output whose columns only blanks part: fastai's, and `print(df)` of pandas.

    epoch     train_loss  valid_loss  accuracy  time
    0         2.295918    2.261909    0.288889  00:00

A frame's rows begin with its index, which has no name in the header. What is too wide is left out as `...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.numbers import number
from optcli.run.pairs import headline
from optcli.run.roles import EPOCH_NAMES, STEP_NAMES
from optcli.run.source import Source
from optcli.run.text import Row, sample, tables, trust

_NAME: Final = re.compile(r"[A-Za-z_][\w/@.%()-]{0,80}|\.\.\.")
_INDEX: Final = re.compile(r"\d{1,12}")
_LEFT_OUT: Final = "..."
_AXES: Final = frozenset((*STEP_NAMES, *EPOCH_NAMES))
FASTAI: Final = ["epoch", "train_loss"]
"""A header that begins so needs no second row: those of long epochs are far apart."""
_GLUED: Final = re.compile(r"(\.\d{6})(?=-?\d{1,12}\.\d{6})")
"""There a number that fills its column touches the next one; all have six decimals."""
ENOUGH: Final = 3
LONGEST: Final = 2000
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A header that names a loss or an accuracy, and rows of as many cells, or one more."""
    state, lines = _State(), sample(head)
    hits = [state.row(line) is not None for line in lines]
    enough = sum(hits) >= (1 if state.fastai else ENOUGH)
    return 0.6 * trust(lines, hits) if enough else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a line."""
    yield from tables(source, source.keep(_State).row, offset, format="spaced-table")


class _State:
    """The header of the table that the lines are in."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._indexed: bool | None = None
        self.fastai = False

    def row(self, line: str) -> Row | None:
        """The numbers of a line, if it is a row of the table."""
        if len(line) > LONGEST:
            return None
        cells = (_GLUED.sub(r"\1 ", line) if self.fastai else line).split()
        if len(cells) < 2:
            return None
        if not cells[0].isdigit():
            self._header(cells)
            return None
        more = len(cells) - len(self._names)
        if not self._names or more not in (0, 1) or not _INDEX.fullmatch(cells[0]):
            return None
        if self._indexed is None:
            self._indexed = more == 1
        if self._indexed != (more == 1):
            return None
        values = {name: number(cell) for name, cell in zip(self._names, cells[more:], strict=True)}
        row = {name: value for name, value in values.items() if value is not None and name != _LEFT_OUT}
        if self._indexed and _AXES.isdisjoint(map(str.lower, self._names)):
            row["index"] = float(cells[0])
        return row if 2 * len(row) >= len(self._names) else None

    def _header(self, cells: list[str]) -> None:
        """Another table, if the line is nothing but distinct names, one of them that of a loss or an accuracy."""
        names = all(map(_NAME.fullmatch, cells)) and len(set(cells)) == len(cells)
        if names and any(map(headline, cells)):
            self._names, self._indexed = cells, None
            self.fastai |= cells[:2] == FASTAI
