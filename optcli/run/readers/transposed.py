"""Tables that lie on their side: `,0,1,2` and below it `loss,1.9,1.2,0.9`, as `DataFrame(history).T.to_csv()` does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from optcli.run import notes as say
from optcli.run.block import Block, Column, series
from optcli.run.curve import Counts
from optcli.run.delimited import cells, headline
from optcli.run.encoded import binary
from optcli.run.numbers import number
from optcli.run.roles import STEP_NAMES
from optcli.run.source import Source

DELIMITERS: Final = (",", "\t", ";")
FEWEST: Final = 3
"""Points that a row must have: less is no curve, and more likely a list of results."""


def sniff(head: bytes, name: str) -> float:
    """Rising whole numbers, and below them as many numbers behind the name of a loss or an accuracy."""
    first, _, rest = head.partition(b"\n")
    if binary(head) or not first.rstrip(b'\r" ')[-1:].isdigit():
        return 0.0
    delimiter, _, steps = _header(first)
    return 0.89 if steps and any(_is_curve(line, delimiter, steps) for line in _lines(rest)) else 0.0


def _is_curve(line: str, delimiter: str, steps: list[float]) -> bool:
    name, *values = cells(line, delimiter) or [""]
    few = values[:FEWEST]
    return headline(name) and len(values) <= len(steps) and sum(number(value) is not None for value in few) == FEWEST


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block with a series for each row; of a last row that isn't ended the last cell may be half a number."""
    data = source.read()
    first, _, rest = data.partition(b"\n")
    delimiter, label, steps = _header(first)
    columns, notes, lines = dict[str, Column](), [], _lines(rest)
    for i, line in enumerate(lines, 1):
        name, *values = cells(line, delimiter) or [""]
        if i == len(lines) and not data.endswith(b"\n"):
            notes.append(say.note(say.UNFINISHED, f"`{name}` lacks its end; its last value is left out"))
            columns[name] = _series(steps, values[: len(steps)][:-1])
        elif len(values) == len(steps):
            columns[name] = _series(steps, values)
        else:
            notes.append(say.note(say.DAMAGED, f"`{name}` has {len(values)} cells instead of {len(steps)}"))
    axis: Counts = "step" if label.lower() in STEP_NAMES else "epoch"
    yield Block(columns, format="transposed-csv", axis=axis, notes=tuple(notes))


def _lines(data: bytes) -> list[str]:
    return [line for line in data.decode("utf-8", "replace").split("\n") if line.strip()]


def _header(first: bytes) -> tuple[str, str, list[float]]:
    """The delimiter, what the counts are called, and the counts; none where they aren't whole numbers that rise."""
    line = first.decode("utf-8-sig", "replace")
    delimiter = max(DELIMITERS, key=line.count)
    label, *rest = cells(line, delimiter) or [""]
    counts = [float(text) for text in rest if text.isascii() and text.isdigit()]
    rising = len(counts) == len(rest) >= FEWEST and all(a < b for a, b in pairwise(counts))
    return delimiter, label, counts if rising and number(label) is None else []


def _series(steps: list[float], values: list[str]) -> Column:
    """The cells of a row, or of its beginning, that hold a number."""
    found = [(step, value) for step, text in zip(steps, values, strict=False) if (value := number(text)) is not None]
    return series([value for _, value in found], [step for step, _ in found])
