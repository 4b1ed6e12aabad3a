"""The rungs at which a run is judged: fixed by its own points, so that live and afterwards say the same.

A rung is a number of points of the headline curve. Every point is one up to 24, then each is 12 % further than the one
before; the first non-finite value is one as well, and so is the end of a run that ended. What is said at a rung
depends on nothing logged after it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from optcli.run.curve import Curve, Run

HEADLINES: Final = ("train/loss", "val/loss", "test/loss")
"""The first of these that a run has is the curve whose points the rungs count."""
DENSE: Final = 24
RATIO: Final = 1.12


def headline(run: Run) -> Curve | None:
    """The curve that rungs count: train/loss, else val/loss, else test/loss."""
    return next((c for role in HEADLINES if (c := run.curve(role)) is not None), None)


@lru_cache(maxsize=64)
def counts(points: int) -> tuple[int, ...]:
    """The rungs of a growing curve that has `points` points, as numbers of points, ascending."""
    rungs = list(range(1, min(points, DENSE) + 1))
    while (following := int(np.ceil((rungs[-1] if rungs else points) * RATIO))) <= points and rungs:
        rungs.append(following)
    return tuple(rungs)


def rungs(curve: Curve) -> list[int]:
    """Rungs of a curve, the first non-finite point among them."""
    bad = np.flatnonzero(~np.isfinite(curve.value))
    extra = {int(bad[0]) + 1} if len(bad) else set()
    return sorted(extra.union(counts(len(curve))))
