"""A surveyed table as arrays of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optcli.parts.datasets import Splits
from optcli.parts.datasets._leaks import untrained
from optcli.parts.datasets._scale import deviation
from optcli.parts.datasets.csv.survey import Survey, parted
from optcli.parts.datasets.csv.suspects import suspects
from optcli.parts.datasets.csv.table import MISSING

if TYPE_CHECKING:
    import numpy.typing as npt

    from optcli.parts.datasets.csv import Options
    from optcli.parts.datasets.csv.columns import Input


def encode(options: Options, seen: Survey) -> Splits:
    """Inputs (N, features) float32; labels (N,) int64 or targets (N, 1) float32."""
    import numpy as np

    sizes = (seen.train, seen.val)
    x = [np.empty((size, len(seen.inputs))) for size in sizes]
    y = [np.empty(size) for size in sizes]
    at = [0, 0]
    for is_val, _, row in parted(options, seen.cut, seen.held_out):
        x[is_val][at[is_val]] = [_value(one, row.cells[one.index]) for one in seen.inputs]
        goal = row.cells[seen.target.index]
        y[is_val][at[is_val]] = seen.target.number(goal) if seen.target.classes else float(goal)
        at[is_val] += 1
    train, val = _features(seen, *x)
    targets = [one.astype(np.int64) for one in y] if seen.target.classes else [_standard(seen, one) for one in y]
    notes = (*seen.notes, *suspects(seen, x, targets[0]))
    if seen.target.classes:
        notes += untrained(targets[0], targets[1], list(seen.target.classes))
    return Splits(train, targets[0], val, targets[1], notes)


def _value(one: Input, cell: str) -> float:
    """A number, or a word's number (-1: not in the training part); nan where a number is missing."""
    missing = cell.lower() in MISSING
    if one.is_number:
        return float("nan") if missing else float(cell)
    return one.words.get("" if missing else cell, -1)


def _features(seen: Survey, train: npt.NDArray[Any], val: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """The columns as features, with statistics of the training part."""
    import numpy as np

    parts = [np.empty((len(part), len(seen.features)), np.float32) for part in (train, val)]
    start = 0
    for i, one in enumerate(seen.inputs):
        end = start + len(one.features)
        for part, values in zip(parts, (train[:, i], val[:, i]), strict=True):
            if one.is_number:
                part[:, start:end] = _numbers(one, values, train[:, i])
            else:
                part[:, start:end] = values[:, None] == np.arange(end - start)
        start = end
    return parts


def _numbers(one: Input, values: npt.NDArray[Any], train: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(N, 1) standardised, or (N, 2) with a flag for missing cells, which get the median."""
    import numpy as np

    known = train[~np.isnan(train)]
    median = np.median(known) if len(known) else 0.0
    filled = np.where(np.isnan(train), median, train)
    standard = (np.where(np.isnan(values), median, values) - filled.mean()) / deviation(filled)
    return np.stack([standard, np.isnan(values)], axis=1) if one.gaps else standard[:, None]


def _standard(seen: Survey, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Targets (N, 1), standardised by the training part's finite ones."""
    return ((values[:, None] - seen.mean) / seen.deviation).astype("float32")
