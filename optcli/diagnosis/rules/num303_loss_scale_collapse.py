"""The loss scale of mixed precision has collapsed.

## What is seen
The loss scale has fallen to 1 and stays there, or has been halved twenty times more often than doubled. Or, where the
log counts the steps that were skipped, more than 2 % of the steps were, and still are, besides the first twenty.

## Why it matters
Gradients overflow 16-bit floats at any scale: the numbers themselves are too large or not finite. At a scale of 1 the
small gradients are lost as well, which is what the scale was there to prevent.

## Look-alikes
The search for the first scale halves up to about sixteen times. A single halving every few thousand steps is normal.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "loss_scale": np.maximum(65536.0 / 2.0 ** (step // 5), 1.0),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "loss_scale": 65536.0 / 2.0 ** np.minimum(step // 2, 4),
}
```

## References
Micikevicius et al. 2018, arXiv:1710.03740.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
VARIES: Final = ("steps",)
POINTS: Final = 4

FLOOR: Final = 1.0
"""A scale at or below it protects nothing: small gradients are lost."""
HALVINGS: Final = 20
"""Halvings in all, net of doublings, beyond the search for the first scale (2^16 down to 1 takes 16)."""
IN_A_ROW: Final = 3
"""Points at the floor."""
SEARCH: Final = 20
"""Skipped steps that the search for the first scale may cost."""
SKIPPED: Final = 0.02
"""Share of all steps: a scale that is doubled every 2000 steps and halved again skips 0.05 %."""
LATE: Final = 0.25
"""Last share of the run in which steps must still be skipped."""


def check(view: View) -> list[Finding] | Abstain:
    """A loss scale at the bottom, or still on its way there; steps that are skipped all the time."""
    if view.series("loss_scale") is None and view.series("skipped_steps") is None:
        return Abstain("no loss scale and no count of skipped steps")
    return _collapsed(view) or _skipping(view)


def _collapsed(view: View) -> list[Finding]:
    scale = view.series("loss_scale")
    if scale is None or scale.n < POINTS or float(scale.value.max()) <= FLOOR:
        return []
    low = scale.value <= FLOOR
    start, fallen = float(scale.value.max()), float(scale.value[-1])
    halvings = float(np.log2(start / fallen)) if fallen > 0 else np.inf
    if not low[-IN_A_ROW:].all() and halvings < HALVINGS:
        return []
    first = float(scale.step[int(np.argmax(low))] if low.any() else scale.step[-1])
    return [
        view.finding(
            __name__, SEVERITY, "loss_scale", first, 0.95,
            f"the loss scale fell from {start:g} to {fallen:g}: gradients overflow 16-bit floats at any scale",
            halvings=(halvings, "1"), scale=(fallen, "1"),
        )
    ]  # fmt: skip


def _skipping(view: View) -> list[Finding]:
    """Steps are counted one by one, or as a total that only grows."""
    skipped = view.series("skipped_steps")
    if skipped is None or (skipped.value < 0).any():
        return []
    grows = skipped.n > 1 and bool((np.diff(skipped.value) >= 0).all()) and skipped.value[-1] > skipped.value[0]
    each = np.diff(skipped.value, prepend=0.0) if grows else skipped.value
    count, late = float(each.sum()), float(each[skipped.step > (1 - LATE) * view.at].sum())
    share = (count - SEARCH) / max(view.at, 1.0)
    if share < SKIPPED or late <= SKIPPED * LATE * view.at:
        return []
    return [
        view.finding(
            __name__, SEVERITY, "skipped_steps", float(skipped.step[np.argmax(each > 0)]), 0.85,
            f"{count:g} of {view.at:g} steps were skipped for gradients that were not finite, and it goes on",
            skipped=(count, "steps"), share=(min(count / max(view.at, 1.0), 1.0), "1"),
        )
    ]  # fmt: skip
