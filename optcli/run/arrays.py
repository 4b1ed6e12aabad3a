"""Lists of numbers in JSON documents: by name, of points, or bare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np

from optcli.run.block import Column, series
from optcli.run.curve import read_only
from optcli.run.numbers import number
from optcli.run.roles import SPLITS
from optcli.run.stats import median

FEWEST: Final = 3
"""Numbers that a list without a name must have."""
RISE: Final = 0.05
"""Rise from the first third of a list to the last that makes it one of scores, which are between 0 and 1."""


def by_name(tree: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, list[float]]:
    """Lists of numbers by name; null in a list is a NaN that strict JSON couldn't hold."""
    found: dict[str, list[float]] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and (column := _column(value)):
            found[f"{prefix}{key}"] = column
        elif isinstance(value, Mapping) and depth < 3:
            found |= by_name(value, f"{prefix}{key}/", depth + 1)
        elif isinstance(value, list) and len(here := numbers(value)) > 1:
            found[f"{prefix}{key}"] = here
    return found


def _column(value: Mapping[str, Any]) -> list[float]:
    """A column as pandas writes it: `{"0": 2.3, "1": 1.9}`."""
    if len(value) < 2 or not all(key == str(i) for i, key in enumerate(value)):
        return []
    return numbers(value.values())


def numbers(values: Iterable[Any]) -> list[float]:
    """These values, if all are numbers or null, which is NaN."""
    found = [float("nan") if v is None else number(v) for v in values]
    return [v for v in found if v is not None] if None not in found else []


def points(value: Any, width: int) -> list[list[float]]:
    """A list of lists of `width` numbers; nothing if any of them is something else."""
    if not isinstance(value, list) or not all(isinstance(one, list) and len(one) == width for one in value):
        return []
    found = [[number(x) for x in one] for one in value]
    return [[x for x in one if x is not None] for one in found if None not in one]


def curve(document: list[Any]) -> Column | None:
    """A list of numbers, or of [step, value] with whole steps that rise; None for anything else."""
    values = numbers(document)
    if len(values) >= FEWEST:
        return Column(read_only(values))
    pairs = points(document, 2)
    if len(pairs) < FEWEST:
        return None
    step, value = zip(*pairs, strict=True)
    counts = all(at.is_integer() for at in step) and all(a < b for a, b in pairwise(step))
    return series(value, step) if counts else None


def scores(lists: Mapping[str, list[float]]) -> dict[str, str]:
    """Role -> list, where those called by their split alone are no losses: all of them rise between 0 and 1."""
    bare = [name for name in lists if name in ("train", "val", "valid", "test")]
    if not bare or not all(_rises(lists[name]) for name in bare):
        return {}
    return {f"{SPLITS[name]}/score": name for name in bare}


def _rises(values: list[float]) -> bool:
    third = -(-len(values) // 3)
    rise = median(np.array(values[-third:])) - median(np.array(values[:third]))
    return min(values) >= 0 and max(values) <= 1 and rise > RISE
