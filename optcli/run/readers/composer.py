"""MosaicML Composer's progress and file logs: `[batch=20/500]:` or `[epoch=1][batch=3/10]: Train LossName: 0.4`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.numbers import number
from optcli.run.source import Source
from optcli.run.text import Row, share, tables

_WHERE: Final = re.compile(r"\[(epoch|batch|ep|ba|sample|token|iteration)=(\d+)(?:/(\d+))?\]")
_NAME: Final = re.compile(r"[A-Za-z][\w /.@-]{0,199}")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines with `[batch=N]` or `[epoch=N]`."""
    return 0.915 * share(head, _WHERE, 2)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """The lines between two `[batch=...]` marks belong to the first."""
    state = source.keep(_State)
    yield from tables(source, state.row, offset, format="composer")
    if state.planned:
        yield Block({}, planned=state.planned)


class _State:
    """The batch and epoch that the current lines are about."""

    def __init__(self) -> None:
        self.at: Row = {}
        self._said: set[str] = set()
        self.planned: int | None = None

    def row(self, line: str) -> Row | None:
        """The number of a line, with the batch it belongs to."""
        end, before = 0, dict(self.at)
        for found in _WHERE.finditer(line):
            end = found.end()
            kind = {"ba": "batch", "ep": "epoch", "batch": "batch", "epoch": "epoch"}.get(found[1])
            if kind is not None:
                self.at["step" if kind == "batch" else kind] = float(found[2])
            if kind == "batch" and found[3] and "epoch=" not in line:
                self.planned = int(found[3])
        if self.at != before:
            self._said = set()
        name, _, text = line[end:].strip(":, \t").rpartition(": ")
        value = number(text)
        name = name.strip()
        # What is said again belongs to a mark that is damaged.
        if value is None or not self.at or not _NAME.fullmatch(name) or name in self._said:
            return None
        self._said.add(name)
        return {**self.at, name: value}
