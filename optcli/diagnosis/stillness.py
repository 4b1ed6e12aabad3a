"""Validation that stands still: weights that don't move, or never did, or not any more."""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.strength import off, tuned
from optcli.diagnosis.view import View
from optcli.run.prepare import Series
from optcli.run.stats import median, noise

GRAIN: Final = 2e-4
"""Of the smaller drop of both losses: less is the same, for a rate of next to nothing still changes the last digit."""
SAME: Final = 5
SAME_FOR: Final = 0.4
"""Validations that are the same to the last digit, and their share. No healthy run of a thousand had a quarter."""
ABRUPT: Final = 4
"""Times as many validations as half of the fall took, after which it stops at the latest: an exponential approach takes
twelve times as many."""
FELL: Final = 0.01
SIGMAS: Final = 4.0
"""Fall of the training loss until then, as a share of its first value and in noise levels of what follows."""
STILL: Final = 1e-3
"""Of that fall, by which the two halves since may differ."""
LEFT: Final = 0.02
"""Share of its first value that is left, at least: else all was learned."""
SEEN: Final = 10
EARLY: Final = 0.15
UNMOVED: Final = 0.03
SCATTER: Final = 3.0
"""Validations, the share of the run by which the first of them must have come, how far they may move as a share of it,
and noise levels of a point that the training loss may have fallen by: where batches scatter too much to tell by."""
FALLS: Final = -3.0
LOST: Final = 0.05
"""Standard errors of its trend, and a share of its start level, up to which it counts as none."""
POINTS: Final = 12
CRAWLS: Final = 0.09
SURE: Final = -12.0
MOST: Final = 0.15
STRAIGHT: Final = 0.65
LOW: Final = -1.0
STRAIGHT_LOW: Final = 0.25
"""Points, the share of the start level that is gone (of training if validation tells), standard errors of the fall, and
that of the later half over that of the first, less where the rate is known to be a tenth of the usual. Of 1,800 healthy
runs not one has gained so little."""
FROZEN: Final = 3
"""Validations that must agree."""
EQUAL: Final = 1e-6
"""Relative difference up to which they do."""


def still(view: View) -> tuple[float, float] | None:
    """The step since which nothing moves, and what the training loss had lost by then, as a share of its first value.

    The validation loss is the same to the last digit since, and the training loss scatters round one level, below its
    first value and far from 0.
    """
    val, loss = view.val, view.loss
    if val is None or val.n < SAME or not len(loss.value):
        return None
    moves = np.abs(val.value - val.value[-1]) > GRAIN * min(loss.drop, val.drop)
    if moves[-SAME]:
        return None
    other = np.flatnonzero(moves)
    since = int(other[-1]) + 1 if len(other) else 0
    half = int(np.argmax(val.value <= (val.value[0] + val.value[-1]) / 2))
    if since > ABRUPT * (half + 1):
        return None  # it has come to rest by itself
    first = float(val.step[since])
    level, begun = loss.value[loss.step > first], float(loss.value[0])
    if val.n - since < max(SAME, SAME_FOR * val.n) or len(level) < SAME or begun <= 0:
        return None
    now, scatter = median(level), max(noise(level), loss.grain)
    halves = median(level[: len(level) // 2]) - median(level[len(level) // 2 :])
    fell = begun - now
    if fell < max(FELL * begun, SIGMAS * scatter) or now < LEFT * begun or abs(halves) > max(scatter, STILL * fell):
        return None
    return first, fell / begun


def unmoved(view: View) -> bool:
    """Whether validation is what it was, however much single batches scatter: from early on, and at no time better."""
    loss, val = view.loss, view.val
    if val is None or min(val.n, loss.n) < SEEN or val.step[0] > EARLY * loss.step[-1]:
        return False
    if min(loss.start, val.value[0]) <= 0 or float(np.ptp(val.value)) > UNMOVED * float(val.value[0]):
        return False
    return loss.trend(1.0)[1] > FALLS and loss.start - loss.end < max(SCATTER * loss.sigma, LOST * loss.start)


def crawls(view: View) -> bool:
    """Whether a whole run has gained next to nothing, in a line too straight for one that nears its floor."""
    loss, val = view.loss, view.val
    if loss.n < POINTS or loss.late or min(loss.start, loss.value[0]) <= 0 or view.texty or tuned(view.config):
        return False
    seen = val is not None and min(val.n, len(val.blocks)) >= POINTS and val.step[0] < EARLY * loss.step[-1]
    if (loss.start - loss.end) / loss.start > MOST:
        return False
    return _straight(view, loss) or (seen and val is not None and _straight(view, val))


def _straight(view: View, series: Series) -> bool:
    """Whether it has lost next to nothing, for sure, and the later half as much of it as the first."""
    fall, half = (series.start - series.end) / series.start if series.start > 0 else 0.0, len(series.blocks) // 2
    if not FELL < fall < CRAWLS or series.trend(1.0)[1] > SURE:
        return False
    early, late = series.blocks[0] - series.blocks[half], series.blocks[half] - series.blocks[-1]
    return bool(late > (STRAIGHT_LOW if off(view) < LOW else STRAIGHT) * early)


def frozen(view: View) -> bool:
    """Whether nothing that could change does: the same validation loss to the last digit, three times and more."""
    val = view.val
    return val is not None and val.n >= FROZEN and float(np.ptp(val.value)) <= EQUAL * abs(float(val.value[-1]))
