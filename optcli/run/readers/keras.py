"""Keras' console: `Epoch 3/10`, then bars that end in `loss: 0.4 - accuracy: 0.9 - val_loss: 0.5`.

Pieces of it too: without the first heading; without any, and without an end of an epoch, the bars themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block, table
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, lines, sample

_EPOCH: Final = re.compile(r"^Epoch (\d+)(?:/(\d+))?\s*$")
_PAIR: Final = re.compile(rf"(?:^|- )([A-Za-z_]\w*): ({NUMBER})(?= -|\s*$)")
_BAR: Final = re.compile(r"^\s*(\d+)/(\d+|Unknown)\b")
_DRAWN: Final = re.compile(r"^\s*\d+/\d+ (?:\[[=>.]+\]|\S*\u2501\S*) .*\bloss: ")
_WHOLE: Final = re.compile(r"^\s*\d+/\d+ - ")
"""With `verbose=2` a line is all there is of a bar."""
FEW: Final = 3
"""Bars that are enough without a heading."""


def sniff(head: bytes, name: str) -> float:
    """`Epoch N/M` on a line of its own, and bars; or bars alone, drawn as Keras does."""
    text = sample(head)
    epochs = sum(_EPOCH.match(line.strip()) is not None for line in text)
    bars = [line for line in text if _BAR.match(line) and "loss:" in line]
    drawn = sum(_DRAWN.match(line) is not None for line in bars)
    return 0.9 if bars and (epochs or drawn >= FEW) else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row an epoch, the last state of its bar; of bars alone that don't end, one for each, by its batch."""
    state = _State()
    for _, _, line in lines(source, offset):
        if found := _EPOCH.match(line.strip()):
            state.heading(int(found[1]), found[2])
        elif (bar := _BAR.match(line)) and (pairs := _PAIR.findall(line.replace("\b", ""))):
            state.bar(bar[1], bar[2], {name: float(value) for name, value in pairs}, _WHOLE.match(line) is not None)
    state.end()
    if state.rows or state.headed:
        yield table(state.rows, format="keras-console", planned=state.planned)
    else:
        yield table(state.batches, format="keras-console")


class _State:
    """The epochs that have ended, and the bar of the one that goes on."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.batches: list[Row] = []
        """All bars of the first epoch, if it has no heading: with one, its values are those at its end, and to come."""
        self.planned: int | None = None
        self._epoch = 1
        self.headed = False
        self._last: Row = {}
        self._at = ("", "")
        self._total = ""
        """Where the bars of the epochs before ended."""
        self._other: tuple[tuple[str, str], Row] = ("", ""), {}
        """The best of the bars of this epoch that came before the last one."""

    def heading(self, epoch: int, planned: str | None) -> None:
        """The epoch before has ended. Those before the first heading are counted back from it."""
        self._close()
        if not self.headed and epoch > len(self.rows):
            for i, row in enumerate(self.rows):
                row["epoch"] = float(epoch - len(self.rows) + i)
        self._epoch, self.headed = epoch, True
        self.planned = int(planned) if planned else self.planned

    def bar(self, done: str, of: str, numbers: Row, whole: bool = False) -> None:
        """Another state of the bar; where headings are missing a full one, which validation ends, begins again."""
        validated = _validated(self._last)
        if not self.headed and self._at == (of, of) and (done != of or validated):
            self._close()
        elif self._last and self._another(done, of, whole and not _validated(numbers)):
            self._choose()
            self._other = self._at, self._last
        if not self.rows and not self.headed:
            self.batches.append({"step": float(done), **numbers})
        self._last, self._at = numbers, (done, of)

    def _another(self, done: str, of: str, whole: bool) -> bool:
        """Whether this is no later state of the bar, but that of an evaluation or, after one, of the training."""
        if "Unknown" not in (of, self._at[1]) and of != self._at[1]:
            return True
        return int(done) < int(self._at[0]) or (whole and self._at == (done, of) and done == of)

    def _choose(self) -> None:
        """Of two bars of an epoch keep that of the training: it validates, is as long as others, or is the longer."""
        if self._other[1] and self._likely(*self._other) >= self._likely(self._at, self._last):
            self._at, self._last = self._other
        self._other = ("", ""), {}

    def _likely(self, at: tuple[str, str], numbers: Row) -> tuple[bool, bool, int]:
        return _validated(numbers), at[1] == self._total, int(at[0] if at[1] == "Unknown" else at[1])

    def _close(self) -> None:
        self._choose()
        if self._last:
            self.rows.append({"epoch": float(self._epoch), **self._last})
            self._epoch, self._total = self._epoch + 1, self._at[1]
        self._last = {}

    def end(self) -> None:
        """The last epoch counts only if it is whole: its bar then has the validation values that the others have."""
        self._choose()
        before = set(self.rows[-1]) - {"epoch"} if self.rows else set()
        if self._at[0] == self._at[1] and before <= set(self._last):
            self._close()


def _validated(numbers: Row) -> bool:
    return any(name.startswith("val_") for name in numbers)
