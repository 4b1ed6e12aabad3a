"""Deeplearning4j's console: `ScoreIterationListener -- Score at iteration 10 is 2.233`, which is the training loss."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, share, tables

_LINE: Final = re.compile(rf"\bScore at iteration (\d{{1,12}}) is ({NUMBER})")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines with `Score at iteration`."""
    return 0.895 * share(head, _LINE, 2)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a line."""
    yield from tables(source, row, offset, format="dl4j-console", roles={"train/loss": "Score"})


def row(line: str) -> Row | None:
    """The score of a line."""
    found = _LINE.search(line)
    return None if found is None else {"iteration": float(found[1]), "Score": float(found[2])}
