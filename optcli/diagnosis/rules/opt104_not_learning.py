"""doc"""

from __future__ import annotations

from typing import Final

import math

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 8
CONSTANT: Final = True
VARIES: Final = ("shift",)

STEPS: Final = 48
"""Points of a log by step before which nothing is said without a plan; 8 of a log by epoch (POINTS)."""
FALL: Final = 0.03
"""Share of the start level that a run which learns at all has lost by then."""


def check(view: View) -> list[Finding] | Abstain:
    """The level now is the level at the start."""
    loss = view.loss
    if loss.n < POINTS:
        return Abstain("too few finite points")
    if view.warm is not None and view.at < 2 * view.warm:
        return Abstain("warm-up has just ended or still goes on")
    if loss.start <= 0:
        return Abstain("a loss at or below 0 has no chance level")
    per_epoch = (loss.step[-1] - loss.step[0]) / max(1, loss.n - 1)
    need = POINTS if per_epoch > 4 else STEPS
    if loss.n < need and not view.ended:
        return Abstain("too early")
    fall = (loss.start - loss.end) / loss.start
    best = (loss.start - loss.low) / loss.start
    if best > FALL + 2 * loss.tau / loss.start or fall < -0.25:
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(loss.step[0]), 0.8,
            f"{loss.name} is still {loss.end:.4g} after {loss.n} points; it began at {loss.start:.4g}",
            fall=(fall, "of the start level"), start=(loss.start, "1"), noise=(loss.sigma / loss.start, "1"),
            over_chance=(loss.end / view.chance if view.chance else math.nan, "1"), **_gradient(view),
        )
    ]  # fmt: skip


def _gradient(view: View) -> dict[str, tuple[float, str]]:
    grad, lr = view.series("grad_norm"), view.series("lr")
    figures: dict[str, tuple[float, str]] = {}
    if grad is not None:
        figures["grad_norm"] = (grad.end, "1")
        figures["grad_ratio"] = (grad.end / grad.start if grad.start > 0 else math.nan, "1")
    if lr is not None:
        figures["lr"] = (lr.end, "1")
        figures["lr_peak"] = (float(lr.value.max()), "1")
    return figures
