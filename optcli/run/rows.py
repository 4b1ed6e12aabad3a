"""Rows of numbers and words -> blocks: the part that all row-wise formats share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from optcli.run.block import Block, Column
from optcli.run.curve import Floats, read_only
from optcli.run.numbers import MISSING, number
from optcli.run.roles import EPOCH_NAMES, SPLITS, STEP_NAMES

_SPLIT_KEYS: Final = {"mode", "phase", "split", "stage", "subset", "set", "type", "dataset", "part"}
AXES: Final = frozenset((*STEP_NAMES, *EPOCH_NAMES))


_PLAIN: Final = {int, float}


def from_grid(names: Sequence[str], values: Floats, **more: Any) -> Block:
    """A block from an array (rows, columns) with MISSING in empty cells; columns without any value are left out."""
    columns = {}
    for name, column in zip(names, values.T, strict=True):
        there = column != MISSING
        if there.all():
            columns[name] = Column(read_only(column))
        elif there.any():
            columns[name] = Column(read_only(column[there]), read_only(np.flatnonzero(there)))
    return Block(columns, rows=len(values), **more)


def from_grids(parts: Sequence[tuple[Floats, Sequence[str], Floats]], **more: Any) -> Block:
    """A block from several kinds of rows: (row numbers, names, values of shape (rows, names)) each."""
    found: dict[str, list[tuple[Floats, Floats]]] = {}
    for rows, names, values in parts:
        for name, column in zip(names, values.T, strict=True):
            there = column != MISSING
            found.setdefault(name, []).append((rows[there], column[there]))
    columns = {}
    for name, pieces in found.items():
        row = np.concatenate([r for r, _ in pieces])
        order = np.argsort(row, kind="stable")
        value = np.concatenate([v for _, v in pieces])
        columns[name] = Column(read_only(value[order]), read_only(row[order]))
    return Block(columns, rows=sum(len(rows) for rows, _, _ in parts), **more)


def flat(row: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, float]:
    """The numbers of a row by name; nested mappings are joined by `/`."""
    if not prefix and set(map(type, row.values())) <= _PLAIN:
        return dict(row)
    found: dict[str, float] = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if depth < 4:
                found |= flat(value, f"{name}/", depth + 1)
        elif (x := number(value)) is not None:
            found[name] = x
    return found


def split_of(row: Mapping[str, Any]) -> str | None:
    """`train`, `val` or `test` where a row says by a word of its own which part it is about."""
    for key in _SPLIT_KEYS & row.keys():
        word = row[key]
        if isinstance(word, str) and word.strip().lower() in SPLITS:
            return SPLITS[word.strip().lower()]
    return None


def tagged(row: Mapping[str, Any]) -> dict[str, float]:
    """`flat`, with the row's split written before the names of its quantities."""
    numbers, split = flat(row), split_of(row)
    if split is None:
        return numbers
    return {name if name.lower() in AXES else f"{split}/{name}": value for name, value in numbers.items()}
