"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 5

SIGMAS: Final = 4.0
"""Rise in noise levels of the validation loss."""
RISE: Final = 0.015
"""Rise as a share of the training loss's drop: validation sets of some hundred samples move by less."""
GAP: Final = 0.15
"""Validation above training loss by then, as a share of that drop."""
POINTS_SINCE: Final = 3
"""Validations since the best one: fewer can be a bump."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation has turned up while training goes on down."""
    val, loss = view.val, view.loss
    if val is None or val.n < POINTS or loss.n < POINTS:
        return Abstain("no validation besides the headline")
    if not view.learned:
        return Abstain("the training loss has not fallen yet")
    blocks = val.blocks
    best = int(np.argmin(blocks))
    since = len(blocks) - 1 - best
    if since < max(POINTS_SINCE, 0.1 * len(blocks)):
        return []
    low, now = float(blocks[best]), median(blocks[-max(2, since // 3) :])
    rise, gap = now - low, now - loss.end
    if rise < SIGMAS * val.tau or rise < RISE * loss.drop or gap < GAP * loss.drop:
        return []
    first = float(val.block_step[best])
    then = median(loss.value[: max(1, int(np.searchsorted(loss.step, first, side="right")))][-5:])
    if loss.end > then + 2 * loss.tau:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, first, 0.6 + 0.3 * min(1.0, rise / (0.1 * loss.drop)),
            f"{val.name} has risen from {low:.4g} at step {first:g} to {now:.4g} while {loss.name} did not",
            rise=(rise / loss.drop, "of the drop"), rise_sigma=(rise / val.tau, "sigma"),
            gap=(gap / loss.drop, "of the drop"), best_step=(first, "steps"),
        )
    ]  # fmt: skip
