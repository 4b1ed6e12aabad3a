"""Megatron-LM's console log: ` iteration 26/ 500000 | ... | lm loss: 1.029183E+01 | loss scale: 131072.0 | ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, share, tables

_LINE: Final = re.compile(r"\biteration +(\d+)/ *(\d+) *\|")
_VALID: Final = re.compile(r"\bvalidation (?:loss|results?) at iteration +(\d+)")
_PAIR: Final = re.compile(rf"\| *([A-Za-z][\w .()/-]*?): *({NUMBER})")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of `iteration N/ M |`."""
    return 0.935 * share(head, _LINE, 1)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every iteration and validation line."""
    planned: list[int] = source.keep(list)
    yield from tables(source, lambda line: row(line, planned), offset, format="megatron-console")
    if planned:
        yield Block({}, planned=planned[-1])


def row(line: str, planned: list[int]) -> Row | None:
    """The numbers of a line; milliseconds become seconds."""
    if found := _LINE.search(line):
        planned[:] = [int(found[2])]
        numbers = {name: float(value) for name, value in _PAIR.findall(line, found.end() - 1)}
        took = numbers.pop("elapsed time per iteration (ms)", None)
        extra = {} if took is None else {"elapsed time per iteration": took * 1e-3}
        return {"iteration": float(found[1]), **numbers, **extra}
    if found := _VALID.search(line):
        pairs = _PAIR.findall(line, found.end())
        return {"iteration": float(found[1]), **{f"validation {name.strip()}": float(v) for name, v in pairs}}
    return None
