"""How much may be expected of a run by now."""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.view import View
from optcli.run.prepare import TINY

FALL_LATE: Final = 0.03
"""Share of the start level that nets which learn at all have lost late in a run."""
FEWEST: Final = 5
EARLY: Final = 40
"""Points by step before which nothing is said; of a log by epoch `FEWEST` are enough."""
LATE: Final = 160
"""Points by step after which a slower start is given no more credit; of a log by epoch 14."""
LATE_EPOCHS: Final = 14
STEPS: Final = 4.0
"""Steps between two points of a log by epoch: fewer are not enough to learn from."""
PATIENCE: Final = 6.0
"""Times as many points, at most, as noise needs to be averaged out: its square over that of `FALL_LATE`."""
DONE: Final = 0.3
"""Share of the plan by which a run that is to end well has begun to learn."""
BEGUN: Final = 0.15
"""Share of the plan before which it need not have begun: flat starts of a seventh of a run are seen to end well."""


def stage(view: View) -> str:
    """How much may be expected by now: nothing yet (empty), or what is fair `early`, `late` or by the `end`."""
    loss = view.loss
    spacing = (loss.step[-1] - loss.step[0]) / (loss.n - 1)
    by_epoch = view.by_epoch and spacing > STEPS
    scatter = loss.sigma / max(FALL_LATE * loss.start, TINY)
    seen = loss.n >= (LATE_EPOCHS if by_epoch else LATE) * min(max(scatter * scatter, 1.0), PATIENCE)
    if view.brief:
        return ""
    if view.complete or (view.share >= DONE and (seen or scatter < 1)):
        return "end"
    if view.share < BEGUN:
        return ""
    if seen:
        return "late"
    return "early" if loss.n >= (FEWEST if by_epoch else EARLY) else ""
