"""torchtune's DiskLogger: `Step 1 | loss:1.2 lr:2e-05 tokens_per_second_per_gpu:...`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NAME, NUMBER, Row, share, tables

_LINE: Final = re.compile(rf"^Step (\d+) \| (?=[\w/]+:{NUMBER})")
_PAIR: Final = re.compile(rf"{NAME}:({NUMBER})")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of `Step N | name:value`."""
    return 0.925 * share(head, _LINE, 1)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a line."""
    yield from tables(source, row, offset, format="torchtune")


def row(line: str) -> Row | None:
    """The numbers of a line."""
    found = _LINE.match(line)
    if found is None:
        return None
    return {"step": float(found[1]), **{name: float(value) for name, value in _PAIR.findall(line, found.end())}}
