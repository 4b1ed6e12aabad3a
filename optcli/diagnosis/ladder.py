"""The rungs at which a run is judged: fixed by its own points, so that live and afterwards say the same.

A rung is a number of points of the headline curve. Every point is one up to 24, then each is 12 % further than the one
before; where the length of the run is known, two rungs are at least a twentieth of it apart. The first non-finite value
is a rung as well, and so is the end of a run that ended. What is said at a rung depends on nothing logged after it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from optcli.run.curve import Curve, Run

HEADLINES: Final = ("train/loss", "val/loss", "test/loss", "policy/loss")
"""The first of these that a run has is the curve whose points the rungs count."""
ENOUGH: Final = 5
"""Points of a headline below which another curve is rather looked at."""
OPPONENTS: Final = ("discriminator/loss", "value/loss", "policy/loss")
"""Curves that tell of what kind the headline is: a generator's; an actor's, or a sum with it. An actor may be alone."""
OF_A_SCORE: Final = "1 - "
"""Before the name of a score: what it lacks, which is judged where there is no loss (see `errors`)."""
DENSE: Final = 24
RATIO: Final = 1.12
APART: Final = 0.05
"""Least distance of two rungs, as a share of the planned steps: nobody acts on what was known a twentieth earlier."""


def headline(run: Run) -> Curve | None:
    """The curve that rungs count: train/loss, else the next of `HEADLINES`; of a run that is over the first that has
    enough points to be judged, if any."""
    found = [c for role in HEADLINES if (c := run.curve(role)) is not None]
    judged = [c for c in found if len(c) >= ENOUGH] if run.end != "running" else []
    return next(iter(judged or found), None)


def game(run: Run) -> bool:
    """Whether the headline is a player's, whose loss rises and falls with what the others do or the play brings."""
    return any(role in run.curves for role in OPPONENTS)


def broke_off(run: Run) -> bool:
    """Whether a run's last loss is no number: that is no end from which to judge how far it came."""
    curve = headline(run)
    return curve is not None and not np.isfinite(curve.value[-1])


@lru_cache(maxsize=64)
def counts(points: int) -> tuple[int, ...]:
    """The rungs of a growing curve that has `points` points and no plan, as numbers of points, ascending."""
    found, rung = [], 1
    while rung <= points:
        found.append(rung)
        rung = _after(rung)
    return tuple(found)


def rungs(curve: Curve, planned: int | None = None) -> list[int]:
    """Rungs of a curve, the first non-finite point among them."""
    return Ladder(planned).due(curve, len(curve))


class Ladder:
    """Says which rungs a growing curve has reached; each of them once."""

    def __init__(self, planned: int | None = None) -> None:
        self._apart = APART * planned if planned else 0.0
        self._next, self._seen, self._bad = 1, 0, False
        self._last: float | None = None

    def due(self, curve: Curve, ready: int) -> list[int]:
        """Rungs among the points of the curve from those seen before up to the first `ready` ones."""
        due = self._regular(curve, ready)
        if not self._bad and ready > self._seen:
            bad = np.flatnonzero(~np.isfinite(curve.value[self._seen : ready]))
            self._bad = bool(len(bad))
            due = sorted({*due, *(bad[:1] + self._seen + 1).tolist()})
        self._seen = max(ready, self._seen)
        return due

    def _regular(self, curve: Curve, ready: int) -> list[int]:
        found = []
        while self._next <= ready:
            step = float(curve.step[self._next - 1])
            if self._last is None or step >= self._last + self._apart:
                found.append(self._next)
                self._last = step
            self._next = _after(self._next)
        return found


def _after(rung: int) -> int:
    return rung + 1 if rung < DENSE else int(np.ceil(rung * RATIO))
