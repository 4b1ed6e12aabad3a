"""The pattern that a loss repeats in every epoch: an analysis of variance by the place in the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from optcli.diagnosis.view import View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import median, quantile

POINTS: Final = 24
CYCLES: Final = 3
"""Points, and epochs, that must be there."""
EVEN: Final = 1.0
"""Steps by which the distances between validations may differ."""
RECENT: Final = 16
LATELY: Final = 8
"""The most epochs that are looked at, the last ones, and those that may show what the net had to learn first."""
SWING: Final = 0.05
"""Height of a pattern as a share of the drop below which it is harmless, as Adam's own sawtooth is (0.02)."""
LEAST: Final = 4
"""Points in an epoch below which no pattern within it can be seen."""
EXPLAINED: Final = 0.2
SURE: Final = 6.0
"""Share of the variance within epochs that the place in the epoch explains, and standard deviations above chance, of
the F statistic for that (1 in 10^9 for normal noise)."""
CALMS: Final = 3.0
PLAUSIBLE: Final = 0.1
"""Times by which the changes from point to point shrink within an epoch, and share of the lowest value that no single
loss is below, where the points are means: of 200 patterns of single losses none does both."""
LITTLE: Final = 0.08
VERY_SURE: Final = 10.0
"""A smaller share is enough where it is that sure: of 1,900 healthy runs none shows it."""


@dataclass(frozen=True)
class Pattern:
    """The mean epoch of a loss, its level and slope taken out. What is dear is worked out when it is asked for."""

    table: Floats
    """The loss by epoch and place in it, shape (epochs, places)."""
    marks: Floats
    """Steps at which epochs begin."""

    @cached_property
    def bent(self) -> Floats:
        """The pattern itself, shape (places,)."""
        at = np.arange(self.table.shape[1]) - (self.table.shape[1] - 1) / 2
        mean: Floats = self.table.mean(axis=0)
        bent: Floats = mean - mean.mean() - at * float(mean @ at) / float(at @ at)
        return bent

    @cached_property
    def swing(self) -> float:
        """Its height, in units of the loss."""
        return float(np.ptp(self.bent))

    @cached_property
    def broad(self) -> float:
        """The height of all but its lowest and highest tenth: that of one bad batch an epoch is none."""
        return quantile(self.bent, 0.9) - quantile(self.bent, 0.1)

    @cached_property
    def explained(self) -> float:
        """Share of the variance within epochs."""
        return self._tested[0]

    @cached_property
    def sure(self) -> float:
        """Standard deviations above chance."""
        return self._tested[1]

    @cached_property
    def certain(self) -> bool:
        """Whether it is there, and not made by averaging."""
        sure = SURE if self.explained >= EXPLAINED else VERY_SURE
        return self.explained >= LITTLE and self.sure >= sure and not _averaged(self.table)

    @cached_property
    def period(self) -> float:
        """Steps in an epoch."""
        return median(np.diff(self.marks))

    @cached_property
    def _tested(self) -> tuple[float, float]:
        return _explained(self.table, self.bent)


def pattern(view: View) -> Pattern | None:
    """The pattern of the latest epochs, or of fewer of them if it is certain there alone.

    Where a log that has ended tells no epochs, the stretches between validations are taken for them. None where there
    are no epochs, too few, or too few points in them.
    """
    loss, marks = view.loss, _marks(view)
    if loss.n < POINTS or len(marks) < CYCLES + 1:
        return None
    table = _epochs(loss, marks)
    if table is None:
        return None
    found, later = Pattern(table, marks), Pattern(table[-LATELY:], marks)
    if len(table) <= LATELY or later.swing < SWING * loss.drop or found.certain:
        return found
    return later if later.certain else found


def _marks(view: View) -> Floats:
    """Steps at which epochs begin; else, at the end, those after validations that come at equal distances."""
    val = view.val
    if len(view.epochs) or not view.ended or val is None or val.n <= CYCLES:
        return view.epochs
    apart = np.diff(val.step)
    return val.step + 1 if np.ptp(apart[:-1]) <= EVEN else view.epochs


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


def _averaged(table: Floats) -> bool:
    """Whether values are means since their epoch began: they change less and less within it, and the single losses that
    they would be means of are possible ones. Such means fall back with every epoch, as the loss has fallen meanwhile.
    """
    moved, quarter = np.abs(np.diff(table, axis=1)), max(1, (table.shape[1] - 1) // 4)
    first, last = (median(part.ravel()) for part in (moved[:, :quarter], moved[:, -quarter:]))
    place = np.arange(1, table.shape[1])
    single = (place + 1) * table[:, 1:] - place * table[:, :-1]
    return bool(first > CALMS * last and single.min() > PLAUSIBLE * table.min() > 0)


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
