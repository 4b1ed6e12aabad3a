"""Tables with a whole curve in a cell, one row a run: `BOW,"[0.71, 0.67, ...]"`, as `to_csv()` writes lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run import arrays
from optcli.run import notes as say
from optcli.run.block import Block, Column
from optcli.run.delimited import cells, header, in_cells
from optcli.run.jsonrows import parse
from optcli.run.source import Source

LONGEST: Final = 80
"""Characters of a run's name that are made of the other cells of its row."""


def sniff(head: bytes, name: str) -> float:
    """A header with the name of a loss or an accuracy, and below it cells with lists of numbers."""
    return 0.9 if in_cells(head) else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """A block with a series for each list of a row; what else stands in the row names it, where there are several."""
    data = source.read()
    first, *lines = [line for line in data.decode("utf-8-sig", "replace").split("\n") if line.strip()]
    delimiter, names = header(first)
    rows = [dict(zip(names, cells(line, delimiter), strict=False)) for line in lines]
    for at, row in enumerate(rows):
        columns = {name: column for name, cell in row.items() if (column := _curve(cell)) is not None}
        lost = [name for name, cell in row.items() if cell.startswith("[") and name not in columns]
        notes = [say.note(say.DAMAGED, f"`{name}` of row {at + 1} is no list of numbers") for name in lost]
        label = ", ".join(cell for name, cell in row.items() if not cell.startswith("["))[:LONGEST]
        run = (label or str(at + 1)) if len(rows) > 1 else ""
        if columns or notes:
            yield Block(columns, format="csv-lists", axis="epoch", run=run, notes=tuple(notes))


def _curve(cell: str) -> Column | None:
    """The list in a cell; null and nan are NaN."""
    if not cell.startswith("["):
        return None
    try:
        document = parse(re.sub(r"\bnan\b", "NaN", cell.replace("None", "null")).encode())
    except ValueError:
        return None
    return arrays.curve(document) if isinstance(document, list) else None
