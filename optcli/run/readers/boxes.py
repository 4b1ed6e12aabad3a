"""Boxes of names and values, one a report: stable-baselines3, OpenAI's baselines and Spinning Up.

---------------------------------
| rollout/           |          |
|    ep_rew_mean     | 25.6     |
| time/              |          |
|    total_timesteps | 512      |
---------------------------------
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.numbers import number
from optcli.run.source import Source
from optcli.run.text import Row, sample, tables, trust

_EDGE: Final = re.compile(r"-{8,}\s*")
_LINE: Final = re.compile(r"\|(\s*)([A-Za-z_][^|]{0,80}?)\s*\|([^|]{0,80})\|\s*")
INSIDE: Final = 3
"""Blanks before a name that stands below the one of its section."""
LEAST: Final = 2
"""Numbers of a box that is one, and names of one that has begun."""
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A box with numbers, closed or not yet, and no more losses outside of the boxes than in them."""
    box, text = _Box(), sample(head)
    whole = sum(box.row(line) is not None for line in text)
    return (0.9 if whole or box.begun else 0.0) * trust(text, [_LINE.fullmatch(line) is not None for line in text])


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a box, when its lower edge is there."""
    yield from tables(source, source.keep(_Box).row, offset, format="boxes")


class _Box:
    """The numbers between two edges."""

    def __init__(self) -> None:
        self._found: Row = {}
        self._section: str | None = ""
        """None behind a line that can't be read: it may have been the name of another section."""
        self._edged = False
        self._lines = 0

    @property
    def begun(self) -> bool:
        """Whether there are several names below an edge."""
        return self._edged and self._lines >= LEAST

    def row(self, line: str) -> Row | None:
        """The numbers of the box that this line closes."""
        if found := _LINE.fullmatch(line):
            self._lines += 1
            self._add(len(found[1]), found[2], found[3].strip())
            return None
        if not _EDGE.fullmatch(line):
            self._section = None
            return None
        whole, self._found, self._section, self._edged, self._lines = self._found, {}, "", True, 0
        return whole if len(whole) >= LEAST else None

    def _add(self, indent: int, name: str, said: str) -> None:
        if not said and name.endswith("/"):
            self._section = name
        elif (value := number(said)) is not None and (indent < INSIDE or self._section is not None):
            self._found[(self._section or "") * (indent >= INSIDE) + name] = value
