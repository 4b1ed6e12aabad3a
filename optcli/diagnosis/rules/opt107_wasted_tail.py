"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "info"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 12
AT_END: Final = True

SHARE: Final = 0.3
"""Part of the run that must have brought nothing."""
BAND: Final = 0.01
"""Change that counts as nothing, as a share of the drop; or 2 noise levels of a block."""


def check(view: View) -> list[Finding] | Abstain:
    """The stretch at the end over which neither training nor validation loss moved."""
    series = view.val if view.val is not None and view.val.n >= POINTS else view.loss
    if series.n < POINTS:
        return Abstain("too few finite points")
    band = max(BAND * series.drop, 2 * series.tau)
    best = np.minimum.accumulate(series.blocks)
    last = int(np.argmax(best <= series.low + band))
    wasted = 1 - (float(series.block_step[last]) - float(series.step[0])) / max(view.at - float(series.step[0]), 1.0)
    if wasted < SHARE or series.drop < 8 * series.tau:
        return []
    first = float(series.block_step[last])
    return [
        view.finding(
            __name__, SEVERITY, series.name, first, 0.8,
            f"{series.name} gained nothing after step {first:g}: the last {wasted:.0%} of the run were not needed",
            wasted=(wasted, "of the run"),
        )
    ]  # fmt: skip
