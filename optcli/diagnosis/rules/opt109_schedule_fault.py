"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("lr", LOSS)
POINTS: Final = 8

SPENT: Final = 2e-4
"""Share of its peak at which a rate does nothing any more: a schedule's last planned value is 1e-3 and up."""
TAIL: Final = 0.15
"""Share of the run so far that was trained at that rate: cosine spends 1 % there."""
LEAST: Final = 4
"""Points of the rate's curve that show it."""


def check(view: View) -> list[Finding] | Abstain:
    """A learning rate that has come to nothing long before the end."""
    lr, loss = view.series("lr"), view.loss
    if lr is None or lr.n < POINTS:
        return Abstain("too few learning rates in the log")
    peak = float(lr.value.max())
    alive = np.flatnonzero(lr.value > SPENT * peak)
    if peak <= 0 or not len(alive) or alive[-1] >= lr.n - LEAST:
        return []
    first = float(lr.step[alive[-1] + 1])
    whole = float(view.planned) if view.planned else view.at
    spent = (view.at - first) / max(view.at - float(lr.step[0]), 1.0)
    if spent < TAIL or (view.planned and first > 0.9 * whole):
        return []
    return [
        view.finding(
            __name__, SEVERITY, "lr", first, 0.95,
            f"the learning rate is {lr.value[-1]:.3g} since step {first:g}, {lr.value[-1] / peak:.0e} of its peak: nothing more is learned",
            spent=(spent, "of the run so far"), left=(float(lr.value[-1]) / peak, "of the peak"),
            level=(loss.end / loss.start if loss.n and loss.start > 0 else float("nan"), "of the start level"),
        )
    ]  # fmt: skip
