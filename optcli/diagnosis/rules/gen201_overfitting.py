"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 5

SIGMAS: Final = 4.0
RISE: Final = 0.015
"""Rise of the validation loss as a share of the training loss's drop."""
GAP: Final = 0.1
"""Validation above training loss at the end, as a share of that drop."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation has turned up while training goes on down."""
    val, loss = view.val, view.loss
    if val is None or val.n < POINTS or loss.n < POINTS:
        return Abstain("no validation besides the headline")
    blocks = val.blocks
    best = int(np.argmin(blocks))
    since = len(blocks) - 1 - best
    if since < 2:
        return []
    now = float(np.median(blocks[-max(2, since // 3):]))
    rise = now - float(blocks[best])
    if rise < SIGMAS * val.tau or rise < RISE * loss.drop or now - loss.end < GAP * loss.drop:
        return []
    before = loss.at(float(val.block_step[best]))
    if loss.end > before + 0.02 * loss.drop:
        return []
    first = float(val.block_step[best])
    return [
        view.finding(
            __name__, SEVERITY, val.name, first, 0.7,
            f"{val.name} has risen from {blocks[best]:.4g} at step {first:g} to {now:.4g} while {loss.name} went on falling",
            rise=(rise / loss.drop, "of the drop"), rise_sigma=(rise / val.tau, "sigma"),
            gap=((now - loss.end) / loss.drop, "of the drop"), best_step=(first, "steps"),
        )
    ]  # fmt: skip
