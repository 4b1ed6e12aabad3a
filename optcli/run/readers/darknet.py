"""Darknet's console, whose numbers stand before their names: `174: 9.3, 7.8 avg loss, 0.001 rate, 3.2 seconds`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, sample, tables

_ITEM: Final = rf"({NUMBER}) ([a-z](?![a-z ]{{0,20}} left)[a-z ]{{0,30}})"
_LINE: Final = re.compile(rf"^\s*(\d{{1,12}}): ({NUMBER}), (?={NUMBER} (?:avg|loss)\b)(?:{_ITEM}(?:, |\s*$)){{2,}}")
_NAMED: Final = re.compile(_ITEM)
_MAP: Final = re.compile(rf"\bmean_average_precision \((mAP)[@\d.]*\) = ({NUMBER})")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of that shape, among however many that the layers print in between."""
    hits = sum(_LINE.match(line) is not None for line in sample(head))
    return 0.0 if not hits else 0.885 if hits > 1 else 0.6


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row an iteration."""
    yield from tables(source, source.keep(_State).row, offset, format="darknet-console")


class _State:
    """The iteration that a line without a number of its own is about."""

    def __init__(self) -> None:
        self.step = 0.0

    def row(self, line: str) -> Row | None:
        """The numbers of a line. The one without a name is the loss of the batch, which the average is taken of; it
        comes last, as those with a name go before it."""
        if found := _LINE.match(line):
            self.step = float(found[1])
            named = {_name(name): float(value) for value, name in _NAMED.findall(line, found.end(2))}
            return {"step": self.step, **named, "loss": float(found[2])}
        found = _MAP.search(line)
        return {"step": self.step, found[1]: float(found[2])} if found else None


def _name(said: str) -> str:
    return "avg loss" if said.strip() == "avg" else said.strip()
