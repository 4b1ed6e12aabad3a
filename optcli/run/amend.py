"""What the columns of a log need before anybody asks for their roles."""

from __future__ import annotations

import re
from typing import Final

from optcli.run.merge import Points

_OF_SPACY: Final = re.compile(r"LOSS [A-Z0-9_]+")
"""A part of spaCy's pipeline in the header of its table, beside `E` and `#`."""


def amended(columns: dict[str, Points]) -> dict[str, Points]:
    """The columns as they ought to be read."""
    return _without_single_steps(columns) if "E" in columns else columns


def _without_single_steps(columns: dict[str, Points]) -> dict[str, Points]:
    """The same; but of spaCy's losses, sums over the steps since the row before, those of the row at step 0 are left
    out: they are of that step alone, and a hundredth of all that follow."""
    return {
        name: points.take(points.step > 0) if _OF_SPACY.fullmatch(name) and (points.step > 1).any() else points
        for name, points in columns.items()
    }
