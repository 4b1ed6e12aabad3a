"""Runs that their first steps threw off: there is no better level before, which a rise could be told from."""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.strength import ABSURD, UNHEARD, beyond
from optcli.diagnosis.view import View
from optcli.run.prepare import Series
from optcli.run.stats import median

FEW: Final = 3
MANY: Final = 5
EXPLODED: Final = 5.0
STAYS: Final = 0.8
"""Points of so short a log; times its first value that the last two are, and the last over the one before."""
NOT_LONG: Final = 12
FAR: Final = 1e6
"""Points of a log, and times all that its first half holds at which the last three say the same of themselves."""
LONG: Final = 48
NEAR: Final = 10.0
ABOVE: Final = 1.35
WILDLY: Final = 1.2
BELOW: Final = 0.1
THIRD: Final = 1 / 3
FALLS: Final = 3.0
VALIDATIONS: Final = 4
"""Points from which, and how many steps apart at most; times its first value that the loss is in the median, also at a
rate far beyond the usual, share of the points that are not above it, also at a thousand times the usual rate, standard
errors up to which nothing falls, and validations that can tell."""
FIRST: Final = 8
BEYOND_ANY: Final = 1e15
GUESS: Final = 14.0
STEEPEST: Final = 30.0
"""A loss that no data explain, nats that are more than a guess among a million earns, and a gradient's norm that no
fresh net has."""
FALLEN: Final = 100.0
STEEP: Final = 4
"""Points, times the level of the later half that the first one is, and the point up to which a tenth must be left of
it: what falls so far by and by has learned that."""


def exploded(view: View) -> bool:
    """Whether a whole log of so few points that noise can't be told ends far above its first, and not coming down."""
    value = view.stretch.value
    if not view.ended or not FEW <= len(value) <= NOT_LONG or value[0] <= 0:
        return False
    if len(value) > MANY:
        return bool(value[-FEW:].min() > FAR * value[: (len(value) - 1) // 2].max())
    return bool(value[-2:].min() > EXPLODED * value[0] and value[-1] >= STAYS * value[-2])


def burst(view: View) -> bool:
    """Whether a loss that is no number any more was of a size that none has, or had only a few points before, of a size
    or with a gradient that no start has."""
    loss, norm = view.stretch, view.series("grad_norm")
    if immense(view):
        return True
    if not 0 < loss.n <= NOT_LONG:
        return False
    if loss.n > FEW:
        return float(loss.value[1:].max()) > FAR * abs(float(loss.value[0]))
    steep = norm is not None and norm.n > 0 and float(norm.value.max()) > STEEPEST
    return steep or float(loss.value.max()) > GUESS


def immense(view: View) -> bool:
    """Whether one of the last losses is of a size that none has."""
    return view.stretch.n > 0 and float(np.abs(view.stretch.value[-MANY:]).max()) > BEYOND_ANY


def left(view: View) -> bool:
    """Whether nearly every point is above the first, by much in the median, and nothing falls; less far above it where
    the rate is far beyond the usual, and with more points below where it is a thousand times that."""
    loss, val, first = view.stretch, view.val, float(view.stretch.value[0])
    if loss.n < LONG or not first > 0 or (level := median(loss.tail(0.5))) < first or apart(loss) > NEAR:
        return False
    rate, under = beyond(view), float(np.mean(loss.value[1:] <= first))
    if rate >= UNHEARD + 1:
        if under > THIRD:
            return False
    elif first >= loss.low or under > BELOW or level < first * (WILDLY if rate >= ABSURD else ABOVE):
        return False
    unseen = val.trend(1.0)[1] if val is not None and val.n >= VALIDATIONS else 0.0
    return min(loss.trend(1.0)[1], loss.trend(0.4)[1], unseen) > -FALLS


def thrown(view: View) -> bool:
    """Whether a loss begins far above all that follows, at a rate that no net bears."""
    loss = view.stretch
    if loss.n < FIRST or not loss.value[0] > FALLEN * median(loss.tail(0.5)) > 0 or not beyond(view) > UNHEARD:
        return False
    return float(loss.value[1:STEEP].max()) < float(loss.value[0]) / NEAR


def astray(view: View) -> bool:
    """Whether a loss is of a size that none has, or stays above any guess's at a rate far beyond what a net bears."""
    loss = view.stretch
    if loss.n < MANY:
        return False
    least = float(loss.value[-max(MANY, loss.n // 2) :].min())
    return least > BEYOND_ANY or (least > GUESS and beyond(view) >= UNHEARD + 1)


def apart(loss: Series) -> float:
    """Steps from a point to the next, over which later ones may be averages; the first is of one batch."""
    return max(1.0, median(np.diff(loss.step)))
