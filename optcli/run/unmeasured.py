"""Ultralytics' zeros: where validation was off, every column of it is 0 in all rows but, perhaps, the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from optcli.run import notes as say
from optcli.run.block import Block, Column
from optcli.run.curve import Note, read_only

MOST_NAMED: Final = 5
"""Columns that a note tells by name."""


def measured(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks of a log, without the zeros in its validation columns if nothing was measured there; the scores may
    have been, where the losses were not."""
    for group in (("val/", "metrics/"), ("val/",)):
        names = {n for b in blocks for n in b.columns if n.startswith(group)}
        if where := _nothing(blocks, names):
            yield Block({}, notes=(_told(names, where),))
            blocks = [_without(block, names) for block in blocks]
            break
    yield from blocks


def _nothing(blocks: Sequence[Block], names: set[str]) -> str:
    """The rows in which all of these columns are 0, in words; empty if they are not."""
    zeros = sum(int((b.columns[n].value == 0).sum()) for b in blocks for n in names if n in b.columns)
    total = sum(len(b.columns[n].value) for b in blocks for n in names if n in b.columns)
    rows = sum(b.rows for b in blocks)
    if rows < 2 or not zeros or zeros < total * (rows - 1) / rows - 0.5:
        return ""
    return "every row" if zeros == total else "all but the last row"


def _told(names: set[str], where: str) -> Note:
    told = ", ".join(f"`{name}`" for name in sorted(names)[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    what = "1 validation column is" if len(names) == 1 else f"{len(names)} validation columns are"
    return say.note(say.NOT_MEASURED, f"{what} 0 in {where}: {told}{more}")


def _without(block: Block, names: set[str]) -> Block:
    columns = {name: _without_zeros(c) if name in names else c for name, c in block.columns.items()}
    return replace(block, columns=columns)


def _without_zeros(column: Column) -> Column:
    keep = column.value != 0
    row = np.arange(len(keep), dtype=np.float64) if column.row is None else column.row
    return Column(read_only(column.value[keep]), read_only(row[keep]))
