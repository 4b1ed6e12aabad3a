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
"""Points in a row: one zero can be a batch without labels."""


def check(view: View) -> list[Finding] | Abstain:
    """A loss of exactly 0 at steps whose gradient is NaN."""
    grad, loss = view.curve("grad_norm"), view.curve(LOSS)
    if grad is None or loss is None:
        return []
    zero = loss.value == 0.0
    if np.count_nonzero(zero) < IN_A_ROW:
        return []
    steps = loss.step[zero]
    hidden = steps[np.isin(steps, grad.step[~np.isfinite(grad.value)])]
    if len(hidden) < IN_A_ROW:
        return []
    first = float(hidden[0])
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.97,
            f"{loss.name} reads exactly 0 from step {first:g} on while the gradient is NaN: the log hides a NaN",
            points=(float(len(hidden)), "points"),
        )
    ]  # fmt: skip
