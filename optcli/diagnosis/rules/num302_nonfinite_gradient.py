"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = (LOSS, "grad_norm")
POINTS: Final = 3

IN_A_ROW: Final = 3
"""A loss scaler skips single steps on purpose while it looks for its scale."""
SETTLING: Final = 20
"""Points in which a loss scaler may halve its scale from 2^16 down."""


def check(view: View) -> list[Finding] | Abstain:
    """Gradients that stay non-finite while the loss is finite and not zero."""
    curve, loss = view.curve("grad_norm"), view.curve(LOSS)
    if curve is None or loss is None:
        return []
    bad = ~np.isfinite(curve.value)
    if not bad.any() or not np.isfinite(loss.value).all():
        return []
    runs = np.flatnonzero(np.convolve(bad, np.ones(IN_A_ROW), "valid") >= IN_A_ROW)
    if view.curve("loss_scale") is not None:
        runs = runs[runs >= SETTLING]
    if not len(runs):
        return []
    first = float(curve.step[runs[0]])
    return [
        view.finding(
            __name__, SEVERITY, "grad_norm", first, 0.95, f"the gradient is not finite from step {first:g} on",
            share=(float(bad.mean()), "1"), points=(float(bad.sum()), "points"),
        )
    ]  # fmt: skip
