"""Curves that lie in a line each and have no names, as `csv.writer(file).writerow(losses)` leaves them.

The first is taken for the training loss; of a file that is called after validation, for its loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from optcli.run import notes as say
from optcli.run.block import Block, series
from optcli.run.encoded import binary
from optcli.run.numbers import number
from optcli.run.readers.headerless import NAMED, cells
from optcli.run.roles import split_in
from optcli.run.source import Source

LEAST: Final = 13
"""Numbers in a line: fewer are the columns of a table (see `headerless`)."""
MOST: Final = 8
"""Lines: more are a table of something else."""


def sniff(head: bytes, name: str) -> float:
    """A few lines of many numbers each, and nothing else; the last one may reach beyond what is looked at."""
    if binary(head):
        return 0.0
    curves = [cells(line) for line in _lines(head)]
    if not 0 < len(curves) <= MOST or any(len(curve) < LEAST for curve in curves[:-1] or curves):
        return 0.0
    curves[-1] = curves[-1][:-1] or [""]
    if any(number(cell) is None for curve in curves for cell in curve):
        return 0.0
    return 0.4 if NAMED.search(name.rpartition("/")[2]) else 0.05


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block with a series for each line; of a last line that isn't ended the last number may be half of one."""
    data = source.read()
    lines = _lines(data)
    columns = {}
    for i, line in enumerate(lines, 1):
        values = [number(cell) for cell in cells(line)]
        torn = i == len(lines) and not data.endswith((b"\n", b"]"))
        found = [(at, value) for at, value in enumerate(values[: len(values) - torn]) if value is not None]
        columns[f"line {i}"] = series([value for _, value in found], [at for at, _ in found])
    role = f"{'val' if split_in(source.name.rpartition('/')[2]) in ('val', 'test') else 'train'}/loss"
    what = f"no names beside the numbers: `line 1` is taken for {role}; --map train/loss=NAME for another"
    yield Block(columns, format="bare-rows", roles={role: "line 1"}, notes=(say.note(say.NO_NAMES, what),))


def _lines(data: bytes) -> list[str]:
    return [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
