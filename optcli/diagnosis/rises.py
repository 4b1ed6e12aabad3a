"""Rises of a loss that no noise level is needed to tell."""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.run.prepare import Series
from optcli.run.stats import running_median

FEW: Final = 12
"""Points at which the noise level counts double: a level and its noise from so few points are rough guesses."""
SHARE: Final = 0.35
"""Rise as a share of what had been gained: less is an episode, not a loss of the training."""
YOUNG: Final = 24
"""Points below which the start level is a guess, and a rise without a noise level to go by must be as high as it."""
LONE: Final = 0.75
ALONE: Final = 3.0
"""Rise over a first value below all others that is no chance, in shares of it, however far apart the points are; of
the first points of single batches it takes more."""
STEADY: Final = 0.3
"""Rise as a share of the gain where it is a steady one over the later half of the run."""
RISING: Final = 6.0
"""Standard errors of that rise."""
UNSEEN: Final = ("val/loss", "test/loss")
"""Headlines whose steady rise says that training learns by heart (GEN201)."""
BLOCKS: Final = 24
"""Blocks that are needed to call a rise steady."""
LATEST: Final = 4
MUCH: Final = 0.4
LOST: Final = 0.6
"""Points in the last quarter, what had been gained as a share of the start level, and the share of it by which all of
them lie above the best level."""
GAINED: Final = 0.1
TWICE: Final = 2.0
"""Where so much of the start level had been gained, a rise by twice that and by half the start level will do."""


def stays(loss: Series, means: bool) -> bool:
    """Whether the last quarter lies above the best level by most of what was gained, to the last point.

    However noisy the way there was: a leap to many times the start makes everything before and after look like noise,
    and so does a steep fall of a few points.

    Args:
        means: points are means of epochs, so that fewer of them tell.
    """
    last = loss.value[-max(loss.n // 4, LATEST) :]
    if loss.n < (2 * LATEST if means else FEW):
        return False
    low = float(running_median(loss.value[: -len(last)], 3).min())
    gained = loss.start - low
    return gained > MUCH * abs(loss.start) and float(last.min()) - low > LOST * gained


def rising(loss: Series, low: float, gained: float) -> bool:
    """A steady rise: it counts for less than a leap, and noise that grows with it doesn't hide it."""
    rise = loss.end - low
    if loss.name in UNSEEN or len(loss.blocks) < BLOCKS or rise < STEADY * gained or gained < 0.1 * abs(loss.start):
        return False
    return loss.trend(0.5)[1] > RISING and float(loss.tail(0.25).min()) > low + rise / 3


def climbing(loss: Series, low: float, gained: float, breaks: bool, early: bool) -> bool:
    """Without a noise level to go by: every later point is far above the best one, or the last ones soar into a NaN."""
    times = 0.5 if loss.n >= YOUNG else ALONE if low == loss.value[0] and early else 1.0
    far = max(SHARE * gained, abs(loss.start) * times)
    if gained > GAINED * abs(loss.start):
        far = min(far, max(TWICE * gained, abs(loss.start) / 2))
    last = loss.value[-max(5, loss.n // 2) :]
    soars = breaks and loss.n >= 3 and bool((np.diff(loss.value[-3:]) > 0).all()) and loss.value[-1] > low + 4 * far
    return soars or (loss.n >= 8 and float(last.min()) - low > far)
