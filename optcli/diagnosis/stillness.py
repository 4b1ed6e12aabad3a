"""Weights that have moved and don't any more, as a log without learning rates shows it."""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.view import View
from optcli.run.stats import median, noise

GRAIN: Final = 2e-4
"""Of the smaller drop of both losses: less is the same, for a rate of next to nothing still changes the last digit."""
SAME: Final = 5
SAME_FOR: Final = 0.4
"""Validations that are the same to the last digit, and their share. No healthy run of a thousand had a quarter."""
FELL: Final = 0.01
SIGMAS: Final = 4.0
"""Fall of the training loss until then, as a share of its first value and in noise levels of what follows."""
STILL: Final = 1e-3
"""Of that fall, by which the two halves since may differ."""
LEFT: Final = 0.02
"""Share of its first value that is left, at least: else all was learned."""


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
