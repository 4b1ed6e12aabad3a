"""Console output that counts nothing: `[08:52:41] cur_loss: 0.118`, again and again. The lines are counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.pairs import pairs
from optcli.run.roles import listed
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, sample, tables

ENOUGH: Final = 8
"""Lines of the same names: what a text says of losses seldom repeats so often."""
MANY: Final = 4
"""Names of which as few lines do: no text repeats so many."""
LAST_RESORT: Final = 0.05
"""Below every other reader, and too little to be taken for a log unless the user names the file."""
PIPES: Final = frozenset(
    listed("ner textcat textcat_multilabel tagger parser tok2vec spancat morphologizer senter entity_linker")
)
_SPACY: Final = re.compile(rf"(?:Loss(?:es)?:? *)?\{{'({'|'.join(sorted(PIPES))})': ({NUMBER})\}}\s*")
"""`{'ner': 11.27}`, the losses of spaCy's training loop, where a single part of a pipeline is trained."""
_POINT: Final = re.compile(r"\s*(?:\d{1,9}[.)]|[*+-]) ")
"""A list in a text."""
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Many lines with a loss or an accuracy and the same names."""
    return LAST_RESORT if _usual(head) else 0.0


def _usual(head: bytes) -> tuple[str, ...]:
    """The first names that enough lines have."""
    kinds = Counter[tuple[str, ...]]()
    for found in filter(None, map(row, sample(head))):
        kinds[tuple(found)] += 1
        if kinds[tuple(found)] == (MANY if len(found) >= MANY else ENOUGH):
            return tuple(found)
    return ()


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every line that speaks of a loss or an accuracy."""
    names = _usual(source.head())
    roles = {"train/loss": names[0]} if len(names) == 1 and names[0] in PIPES else {}
    yield from tables(source, row, offset, format="uncounted-console", roles=roles)


def row(line: str) -> Row | None:
    """The numbers of a line with a headline quantity in it."""
    if spacy := _SPACY.fullmatch(line):
        return {spacy[1]: float(spacy[2])}
    said = pairs(line)
    return said.found if said.headlines() and not _POINT.match(line) else None
