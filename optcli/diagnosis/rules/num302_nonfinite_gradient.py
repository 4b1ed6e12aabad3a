"""The gradient is not a number while the loss is.

## What is seen
The gradient's norm is NaN or infinite three times in a row while the loss is finite, or in the last two of points that
are five steps and more apart. With a loss scaler the first 20 points are left out: it finds its scale by overflowing.

## Why it matters
Either every step is skipped and nothing is learned, or the next step writes NaN into every parameter.

## Look-alikes
Single skipped steps of mixed precision. Norms logged before unscaling.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.8 + 1.5 * np.exp(-step / 50) + 0.02 * noise,
    "grad_norm": np.where(step < 150, 1.0 + 0.1 * noise, np.nan),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "grad_norm": 1.0 + 0.1 * noise,
}
curves["grad_norm"][[3, 90]] = np.inf
```

## References
Micikevicius et al. 2018, arXiv:1710.03740. PyTorch documentation, Automatic mixed precision.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = ("grad_norm",)
POINTS: Final = 3

IN_A_ROW: Final = 3
"""A loss scaler skips single steps on purpose while it looks for its scale."""
APART: Final = 5.0
"""Steps between points from which on two in a row are enough, the first ones aside: no scaler skips so many."""
SETTLING: Final = 20
"""Points in which a loss scaler may halve its scale from 2^16 down."""


def check(view: View) -> list[Finding] | Abstain:
    """Gradients that stay non-finite while the loss is finite and not zero."""
    curve, loss = view.curve("grad_norm"), view.curve(LOSS)
    if curve is None:
        return []
    bad = ~np.isfinite(curve.value)
    if not bad.any() or (loss is not None and not np.isfinite(loss.value).all()):
        return []
    if loss is not None:
        bad &= ~np.isin(curve.step, loss.step[loss.value == 0.0])  # a log that hides NaN: NUM304
    runs = np.flatnonzero(np.convolve(bad, np.ones(IN_A_ROW), "valid") >= IN_A_ROW)
    if len(curve) > IN_A_ROW and bad[-2:].all() and curve.step[-1] - curve.step[-2] >= APART:
        runs = np.append(runs, len(curve) - 2)
    scale = view.series("loss_scale")
    if scale is not None and np.ptp(scale.value) > 0:
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
