"""The pattern that a loss repeats in every epoch: an analysis of variance by the place in the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from optcli.diagnosis.view import View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import median

POINTS: Final = 24
CYCLES: Final = 3
"""Points, and epochs, that must be there."""
RECENT: Final = 16
"""The most epochs that are looked at: the last ones."""
LEAST: Final = 4
"""Points in an epoch below which no pattern within it can be seen."""
EXPLAINED: Final = 0.2
"""Share of the variance within epochs that the place in the epoch explains."""
SURE: Final = 6.0
"""Standard deviations above chance, of the F statistic for that (1 in 10^9 for normal noise)."""


@dataclass(frozen=True)
class Pattern:
    """The mean epoch of a loss, its level and slope taken out."""

    swing: float
    """Its height, in units of the loss."""
    broad: float
    """The height of all but its lowest and highest tenth: that of one bad batch an epoch is none."""
    explained: float
    """Share of the variance within epochs."""
    sure: float
    """Standard deviations above chance."""
    period: float
    """Steps in an epoch."""

    @property
    def certain(self) -> bool:
        """Whether it is there."""
        return self.explained >= EXPLAINED and self.sure >= SURE


def pattern(view: View) -> Pattern | None:
    """The pattern of the latest epochs; None where there are no epochs, too few, or too few points in them."""
    loss, marks = view.loss, view.epochs
    if loss.n < POINTS or len(marks) < CYCLES + 1:
        return None
    table = _epochs(loss, marks)
    if table is None:
        return None
    bent = _mean(table)
    low, high = np.quantile(bent, (0.1, 0.9))
    return Pattern(float(np.ptp(bent)), float(high - low), *_explained(table, bent), median(np.diff(marks)))


def _epochs(loss: Series, marks: Floats) -> Floats | None:
    """Values by epoch and place, shape (epochs, places), of the last complete epochs; None without enough."""
    starts = np.searchsorted(loss.step, marks)
    lengths = np.diff(starts)
    if len(lengths) < CYCLES:
        return None
    size = int(median(lengths.astype(np.float64)))
    if size < LEAST:
        return None
    whole = starts[:-1][lengths >= size][-RECENT:]
    if len(whole) < CYCLES:
        return None
    table: Floats = loss.value[whole[:, None] + np.arange(size)]
    return table


def _mean(table: Floats) -> Floats:
    """The mean epoch, its level and slope taken out. Shape (places,)."""
    at = np.arange(table.shape[1]) - (table.shape[1] - 1) / 2
    pattern: Floats = table.mean(axis=0)
    bent: Floats = pattern - pattern.mean() - at * float(pattern @ at) / float(at @ at)
    return bent


def _explained(table: Floats, bent: Floats) -> tuple[float, float]:
    """Share of the variance within epochs that the pattern explains, and how sure that is.

    An analysis of variance by place; its F statistic as a normal deviate by Wilson and Hilferty's cube root.
    """
    rows, size = table.shape
    flat = table - table.mean(axis=1, keepdims=True)
    pattern = flat.mean(axis=0)
    total, found = float((flat**2).sum()), rows * float(bent @ bent)
    if total <= 0 or found <= 0:
        return 0.0, 0.0
    many, few = (rows - 1) * (size - 1), size - 2
    rest = max(total - rows * float(pattern @ pattern), 1e-9 * total)
    root = (found / few / (rest / many)) ** (1 / 3)
    a, b = 2 / (9 * few), 2 / (9 * many)
    return found / total, ((1 - b) * root - (1 - a)) / (b * root * root + a) ** 0.5
