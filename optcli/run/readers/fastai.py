"""fastai without its bar: `[0, 2.295, 2.263, 0.278, '00:00']`, the epoch, the losses, the metrics and the time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.numbers import number
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, share, tables

_LINE: Final = re.compile(
    rf"\[(\d{{1,9}}), ({NUMBER}|None)((?:, (?:{NUMBER}|None)){{0,40}}), '(?:\d{{1,4}}:)?\d{{1,2}}:\d\d'\]\s*"
)
_OFTEN: Final = ("train_loss", "valid_loss")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lists that end in the time of an epoch."""
    return 0.85 * share(head, re.compile(rf"^{_LINE.pattern}$"))


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a list. The metrics have no names there."""
    yield from tables(source, row, offset, format="fastai-console", axis="epoch")


def row(line: str) -> Row | None:
    """The numbers of a list; what isn't measured is None."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    values = [number(cell) for cell in (found[2] + found[3]).split(", ")]
    names = [*_OFTEN, *(f"metric {k}" for k in range(1, len(values)))]
    said = {name: value for name, value in zip(names, values, strict=False) if value is not None}
    return {"epoch": float(found[1]), **said} if said else None
