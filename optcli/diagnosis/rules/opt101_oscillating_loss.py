"""doc"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import turn_rate, ups

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 12

WINDOW: Final = 2 / 3
"""The last part of the blocks that is looked at: the first fall is over."""
FALLING: Final = -3.0
"""Trend in standard errors below which the level still falls; then swings are harmless."""
SWING: Final = 0.03
"""Noise of block levels, as a share of the whole drop."""
CLIMB: Final = 0.25
"""Sum of all rises between blocks, as a share of the whole drop."""


def check(view: View) -> list[Finding] | Abstain:
    """Levels of blocks that go up and down by a good part of the drop and get nowhere."""
    loss = view.loss
    if loss.n < POINTS:
        return Abstain("too few finite points")
    _, z = loss.trend(WINDOW)
    if z < FALLING:
        return []
    tail = loss.tail(WINDOW)
    swing, climb = loss.tau / loss.drop, ups(tail) / loss.drop
    if swing < SWING or climb < CLIMB:
        return []
    first = float(loss.block_step[len(loss.blocks) - len(tail)])
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.5 + 0.4 * min(1.0, swing / SWING - 1),
            f"{loss.name} swings by {swing:.0%} of its drop from block to block without falling",
            swing=(swing, "of the drop"), climb=(climb, "of the drop"), trend=(z, "sigma"),
            turn_rate=(turn_rate(tail), "1"),
        )
    ]  # fmt: skip
