"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.prepare import Series

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 24

CYCLES: Final = 4
"""Epochs that must be there."""
LEAST: Final = 4
"""Points in an epoch below which no pattern within it can be seen."""
EXPLAINED: Final = 0.5
"""Share of the variance within epochs that the place in the epoch explains."""
FACTOR: Final = 8.0
"""Ratio of that variance to what chance would give it (an F statistic)."""


def check(view: View) -> list[Finding] | Abstain:
    """The same pattern of the loss in every epoch."""
    loss, marks = view.loss, view.epochs
    if loss.n < POINTS or len(marks) < CYCLES + 1:
        return Abstain("no epochs to compare, or too few")
    table = _epochs(loss, marks)
    if table is None:
        return Abstain("too few points in an epoch")
    explained, factor, swing = _pattern(table)
    if explained < EXPLAINED or factor < FACTOR:
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(marks[0]), 0.6 + 0.35 * explained,
            f"{loss.name} repeats the same pattern in every epoch: the place in it explains {explained:.0%} of the variance",
            explained=(explained, "1"), factor=(factor, "1"), swing=(swing / loss.drop, "of the drop"),
            period=(float(np.median(np.diff(marks))), "steps"),
        )
    ]  # fmt: skip


def _epochs(loss: Series, marks: Floats) -> Floats | None:
    """Values by epoch and place, shape (epochs, places), of the last complete epochs; None without enough."""
    starts = np.searchsorted(loss.step, marks)
    lengths = np.diff(starts)
    if len(lengths) < CYCLES:
        return None
    size = int(np.median(lengths))
    if size < LEAST:
        return None
    rows = [loss.value[a : a + size] for a, k in zip(starts[:-1], lengths, strict=True) if k >= size]
    return np.array(rows[-16:]) if len(rows) >= CYCLES else None


def _pattern(table: Floats) -> tuple[float, float, float]:
    """Explained share, F statistic and swing of the mean pattern, after taking out each epoch's level and slope."""
    rows, size = table.shape
    at = np.arange(size) - (size - 1) / 2
    flat = table - table.mean(axis=1, keepdims=True)
    tilt = (flat @ at) / float(at @ at)
    pattern = flat.mean(axis=0)
    total = float((flat**2).sum())
    if total <= 0:
        return 0.0, 0.0, 0.0
    trend = float(np.mean(tilt))
    bent = pattern - trend * at
    rest = total - rows * float(pattern @ pattern)
    explained = rows * float(bent @ bent) / total
    freedom = (rows - 1) * (size - 1)
    factor = rows * float(bent @ bent) / (size - 1) / max(rest / freedom, 1e-300)
    return explained, factor, float(bent.max() - bent.min())
