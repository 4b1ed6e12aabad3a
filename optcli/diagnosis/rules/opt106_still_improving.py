"""doc"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import slope

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 4
AT_END: Final = True

GAIN: Final = 0.1
"""Fall over the last fifth of the run, as a share of the whole drop: an even fall would have 0.2."""
SURE: Final = 2.5
"""Standard errors."""


def check(view: View) -> list[Finding] | Abstain:
    """A steep fall up to the last point, in training and validation."""
    loss, val = view.loss, view.val
    if loss.n < POINTS:
        return Abstain("too few finite points")
    tail = loss.tail(0.2) if len(loss.blocks) >= 20 else loss.blocks[-max(3, len(loss.blocks) // 3) :]
    rise, error = slope(tail)
    error = max(error, loss.tau / (len(tail) * (len(tail) ** 2 - 1) / 12) ** 0.5)
    fifth = -rise * 0.2 * (len(loss.blocks) - 1)
    if fifth < GAIN * loss.drop or -rise < SURE * error:
        return []
    if val is not None and val.n >= POINTS and val.end > val.low + 0.05 * loss.drop:
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(loss.block_step[-len(tail)]), 0.7,
            f"{loss.name} still falls steeply at the end: the last fifth of the run brought {fifth / loss.drop:.0%} of the whole drop",
            gain=(fifth / loss.drop, "of the drop"), trend=(rise / error, "sigma"),
        )
    ]  # fmt: skip
