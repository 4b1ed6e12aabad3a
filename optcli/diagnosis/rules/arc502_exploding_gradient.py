"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import block_medians

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = ("grad_norm",)
POINTS: Final = 3

FACTOR: Final = 70.0
"""Times the highest usual level so far; bad batches that a run shrugs off reach 20 to 60."""
GROWTH: Final = 100.0
"""Times the level at the start that a level of `USUAL` points reaches by growing steadily."""
USUAL: Final = 8
"""Points whose median makes a usual level."""


def check(view: View) -> list[Finding] | Abstain:
    """A gradient far above everything before it."""
    grad = view.series("grad_norm")
    if grad is None or grad.n < POINTS:
        return Abstain("too few finite points")
    usual = _usual(grad)
    ratio = grad.value / np.maximum(usual, 1e-12)
    far = np.flatnonzero((ratio > FACTOR) & (np.arange(grad.n) > 0))
    if not len(far):
        return _growing(view, grad, usual)
    step = float(grad.step[far[0]])
    return [
        view.finding(
            __name__, SEVERITY, "grad_norm", step, 0.85,
            f"the gradient norm leaps to {grad.value[far[0]]:.3g} at step {step:g}, {ratio[far[0]]:.0f} times its usual level",
            ratio=(float(ratio[far[0]]), "1"), worst=(float(ratio.max()), "1"), points=(len(far), "points"),
            lr_ratio=(view.lr_change(step, max(1.0, view.at / 20)), "1"),
        )
    ]  # fmt: skip


def _growing(view: View, grad: Series, usual: Floats) -> list[Finding]:
    """A gradient that grows step by step to many times what it was."""
    begin = max(grad.start, 1e-12)
    high = np.flatnonzero(usual > GROWTH * begin)
    if not len(high) or grad.end < GROWTH / 2 * begin:
        return []
    step = float(grad.step[high[0]])
    return [
        view.finding(
            __name__, SEVERITY, "grad_norm", step, 0.8,
            f"the gradient norm has grown from {grad.start:.3g} to {grad.end:.3g}",
            ratio=(grad.end / begin, "1"), worst=(float(grad.value.max()) / begin, "1"),
        )
    ]  # fmt: skip


def _usual(grad: Series) -> Floats:
    """For each point the highest block median before it; the first point, for the points of the first block."""
    size = min(USUAL, max(1, grad.n // 2))
    medians = np.maximum.accumulate(block_medians(grad.value, size))
    first = grad.n % size
    usual = np.repeat(np.concatenate([[0.0], medians])[:-1], size)
    usual = np.concatenate([np.zeros(first), usual])
    return np.maximum(usual, np.minimum(grad.value[0], np.median(grad.value[:USUAL])) if grad.n else 0.0)
