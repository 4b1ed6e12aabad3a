"""Python dicts among console output, as the Hugging Face Trainer prints them: `{'loss': 1.23, 'epoch': 0.1}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.beside import sided
from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, share, tables

_DICT: Final = re.compile(r"\{(?=['\"][\w/ .-]+['\"]:)[^{}]*\}")
_PAIR: Final = re.compile(rf"""['"]([\w/ .@()-]+)['"]: *(?:tensor\()?['"]?({NUMBER})""")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines with a dict in single quotes that has a loss in it."""
    return 0.905 * share(head, re.compile(r"\{[^{}]*'\w*loss\w*': *'?[-\d.ni][^{}]*\}"), 1)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a dict. No step is printed: the epoch is the axis, or else the order."""
    yield from tables(source, row, offset, format="hf-console")


def row(line: str) -> Row | None:
    """The numbers of a line's dict; the closing dict's averages over the whole run are no points."""
    found = _DICT.search(line)
    if found is None or "'train_runtime'" in found[0]:
        return None
    numbers = {name: float(value) for name, value in _PAIR.findall(found[0])}
    others = sided(numbers)
    return {others.get(name, name): value for name, value in numbers.items()} if others else numbers
