"""Console output of scores and nothing else: `Epoch : 3 AUC : 0.89`, where no loss or accuracy is printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.pairs import Pairs, score
from optcli.run.readers.console import ENOUGH, Lines
from optcli.run.source import Source
from optcli.run.text import sample, tables

GROWS: Final = True


class _Scores(Lines):
    def loud(self, said: Pairs, counts: bool) -> bool:
        """Whether a score stands beside a count."""
        return counts and any(score(name) for name in said.signed())


def sniff(head: bytes, name: str) -> float:
    """Scores in most lines, and a count of steps or epochs."""
    lines, state = sample(head), _Scores()
    hits = sum(state.row(line) is not None for line in lines)
    return 0.2 if hits >= ENOUGH and hits >= 0.5 * len(lines) else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every line with a score."""
    yield from tables(source, source.keep(_Scores).row, offset, format="console")
