"""Rows of numbers and words -> blocks: the part that all row-wise formats share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from optcli.run.block import Block, Column
from optcli.run.curve import Floats, read_only
from optcli.run.numbers import MISSING, number
from optcli.run.roles import EPOCH_NAMES, SPLITS, STEP_NAMES

SPLIT_KEYS: Final = {"mode", "phase", "split", "stage", "subset", "set", "type", "dataset", "part"}
AXES: Final = frozenset((*STEP_NAMES, *EPOCH_NAMES))
_PLAIN: Final = {int, float}
Part = tuple[Floats, Sequence[str], Floats]
"""Rows of one kind: their numbers, the names, and the values of shape (rows, names)."""


def from_grid(names: Sequence[str], values: Floats, **more: Any) -> Block:
    """A block from an array (rows, columns) with MISSING in empty cells; columns without any value are left out."""
    columns = {}
    for name, column in zip(names, np.ascontiguousarray(values.T), strict=True):
        there = column != MISSING
        if there.all():
            columns[name] = Column(read_only(column))
        elif there.any():
            columns[name] = Column(read_only(column[there]), read_only(np.flatnonzero(there)))
    return Block(_as_met(columns), rows=len(values), **more)


def _as_met(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Columns in the order of their first values, so that it doesn't depend on where a log was cut into blocks."""
    return dict(sorted(columns.items(), key=lambda one: 0.0 if one[1].row is None else one[1].row[0]))


def from_grids(parts: Sequence[Part], **more: Any) -> Block:
    """A block from several kinds of rows."""
    if len(parts) == 1 and len(parts[0][0]) == parts[0][0][-1] + 1:
        return from_grid(parts[0][1], parts[0][2], **more)
    found: dict[str, list[tuple[Floats, Floats]]] = {}
    for rows, names, values in parts:
        for name, column in zip(names, values.T, strict=True):
            there = column != MISSING
            if there.any():
                found.setdefault(name, []).append((rows[there], column[there]))
    columns: dict[str, Column] = {}
    for name, pieces in found.items():
        row = np.concatenate([r for r, _ in pieces])
        value = np.concatenate([v for _, v in pieces])
        order = np.argsort(row, kind="stable") if len(pieces) > 1 else slice(None)
        columns[name] = Column(read_only(value[order]), read_only(row[order]))
    return Block(_as_met(columns), rows=int(max(rows[-1] for rows, _, _ in parts)) + 1, **more)


def flat(row: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, float]:
    """The numbers of a row by name; nested mappings are joined by `/`."""
    if not prefix and set(map(type, row.values())) <= _PLAIN:
        return dict(row)
    found: dict[str, float] = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, list) and len(value) == 1:
            value = value[0]  # `"lr": [0.001]`, of the one group of parameters
        if isinstance(value, Mapping):
            if depth < 4:
                found |= flat(value, f"{name}/", depth + 1)
        elif (x := number(value)) is not None:
            found[name] = x
    return found


def split_of(row: Mapping[str, Any]) -> str | None:
    """`train`, `val` or `test` where a row says by a word of its own which part it is about."""
    for key in SPLIT_KEYS & row.keys():
        word = row[key]
        if isinstance(word, str) and word.strip().lower() in SPLITS:
            return SPLITS[word.strip().lower()]
    return None


def tagged(row: Mapping[str, Any]) -> dict[str, float]:
    """`flat`, with the row's split written before the names of its quantities."""
    numbers, split = flat(row), split_of(row)
    return dict(zip(under(split, numbers), numbers.values(), strict=True)) if split else numbers


def under(split: str | None, names: Iterable[str]) -> list[str]:
    """The names of a row's quantities with its split before them; those of axes stay what they are."""
    return [f"{split}/{name}" if split and name.lower() not in AXES else name for name in names]


def from_words(names: Sequence[str], values: Floats, key: str, said: Sequence[str], **more: Any) -> Block:
    """A block from an array (rows, columns) whose rows say in the column `key` which part (`said`) they are about."""
    splits = {word: split_of({key: word}) for word in set(said)}
    kinds = {split: [i for i, word in enumerate(said) if splits[word] == split] for split in set(splits.values())}
    parts = [(np.array(rows, np.float64), under(split, names), values[rows]) for split, rows in kinds.items()]
    return from_grids(sorted(parts, key=lambda part: part[0][0]), **more)
