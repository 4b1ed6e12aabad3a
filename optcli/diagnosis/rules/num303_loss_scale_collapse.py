"""The loss scale of mixed precision has collapsed.

## What is seen
The loss scale has fallen to 1 and stays there, or has been halved twenty times more often than doubled.

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
from optcli.diagnosis.view import View

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("loss_scale",)
POINTS: Final = 4

FLOOR: Final = 1.0
"""A scale at or below it protects nothing: small gradients are lost."""
HALVINGS: Final = 20
"""Halvings in all, net of doublings, beyond the search for the first scale (2^16 down to 1 takes 16)."""
IN_A_ROW: Final = 3
"""Points at the floor."""


def check(view: View) -> list[Finding] | Abstain:
    """A loss scale at the bottom, or still on its way there."""
    scale = view.series("loss_scale")
    if scale is None or scale.n < POINTS or float(scale.value.max()) <= FLOOR:
        return Abstain("no moving loss scale")
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
