"""Columns to leave out: those that tell the target, number the rows, hold dates, or words that training lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets.csv.columns import AS_TEXT
from optcli.parts.datasets.csv.cut import date

if TYPE_CHECKING:
    import numpy.typing as npt

    from optcli.parts.datasets.csv.columns import Input
    from optcli.parts.datasets.csv.survey import Survey

OUT: Final = "leave it out with `drop`"
FEWEST: Final = 20
"""Rows below which such things happen by chance."""
SAME: Final = 1e-6
"""Correlation that differs from 1 by less is equality up to scale, and rounding to three digits."""
MOSTLY: Final = 0.5
"""A column of words of which more than this share of the rows has a different one holds names."""
STRANGE: Final = 0.1
"""Share of the validation rows with unknown words, from which on the column can't be of much use."""


def suspects(seen: Survey, columns: list[npt.NDArray[Any]], target: npt.NDArray[Any]) -> list[str]:
    """Notes on the input columns.

    Args:
        columns: of the training and the validation part, (rows, columns) each; words as their numbers.
        target: of the training part.
    """
    notes: list[str] = []
    if len(target) < FEWEST:
        return notes
    for i, one in enumerate(seen.inputs):
        told = _trouble(seen, one, columns[0][:, i], columns[1][:, i], target)
        notes += [f"column `{one.name}` {told}"] if told else []
    return notes


def _trouble(seen: Survey, one: Input, train: npt.NDArray[Any], val: npt.NDArray[Any], target: npt.NDArray[Any]) -> str:
    """What is wrong with a column, given its values in both parts."""
    import numpy as np

    if _tells(train, target):
        return f"tells the target `{seen.target.name}`: {OUT}"
    if _are_dates(one):
        return "holds dates, and each counts as a word: name it with `time`, or leave it out with `drop`"
    if _numbers_rows(one, np.concatenate([train, val]), len(target)):
        return f"holds texts: {AS_TEXT}" if one.is_text else "looks like a name or number of the row: " + OUT
    strange = 0.0 if one.is_number else float(np.mean(val < 0))
    return f"has words that training lacks, in {strange:.0%} of the validation rows" if strange > STRANGE else ""


def _tells(column: npt.NDArray[Any], target: npt.NDArray[Any]) -> bool:
    """Each value goes with one class and each class with one value; or two quantities are equal up to scale."""
    import numpy as np

    if target.ndim == 1:
        values, classes = np.unique(column, return_inverse=True)
        pairs = len(np.unique(classes * (int(target.max()) + 1) + target))
        return 1 < len(values) == pairs == len(np.unique(target))
    known = np.isfinite(column) & np.isfinite(target[:, 0])
    x, y = column[known].astype(np.float64), target[known, 0].astype(np.float64)
    if len(x) < FEWEST or not x.std() or not y.std():
        return False
    return bool(abs(np.corrcoef(x, y)[0, 1]) > 1 - SAME)


def _are_dates(one: Input) -> bool:
    words = [word for word in one.words if word]
    return not one.is_number and len(words) > 1 and all(date(word) is not None for word in words)


def _numbers_rows(one: Input, column: npt.NDArray[Any], rows: int) -> bool:
    """Words that hardly ever come twice, or whole numbers that follow each other without a gap or a repeat."""
    import numpy as np

    if not one.is_number:
        return len(one.words) > MOSTLY * rows
    if not np.isfinite(column).all() or (column != np.floor(column)).any():
        return False
    return bool(len(np.unique(column)) == len(column) == column.max() - column.min() + 1)
