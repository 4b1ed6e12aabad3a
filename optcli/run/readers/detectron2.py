"""detectron2's console log: `eta: ...  iter: 19  total_loss: 0.602  loss_cls: ...  lr: 0.00015  max_mem: 1M`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NAME, NUMBER, Row, share, tables

_LINE: Final = re.compile(r"\biter: (\d+)  ")
_PAIR: Final = re.compile(rf"{NAME}: ({NUMBER})")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines with `iter: N` and two blanks."""
    if b"detectron2 INFO" in head or b"d2.utils.events" in head:
        return 0.94
    return 0.52 * share(head, _LINE, 1)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every progress line; evaluation tables are not read."""
    yield from tables(source, row, offset, format="detectron2-console")


def row(line: str) -> Row | None:
    """The numbers of a progress line."""
    found = _LINE.search(line)
    if found is None:
        return None
    numbers = {name: float(value) for name, value in _PAIR.findall(line, found.start()) if name != "eta"}
    return {"iteration": numbers.pop("iter"), **numbers}
