"""Validation jumps about.

## What is seen
The noise from one validation to the next is above a tenth of everything learned, and three times that of the training
loss, so that it isn't the parameters that shake. Severity `info`.

## Why it matters
The best checkpoint, early stopping and every comparison of two runs are drawn by lot within that noise.

## Look-alikes
A learning rate too high shakes both (OPT101). A new random subset at each validation is noise by construction.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 90) + 0.02 * noise,
    "val/loss": (epoch, 0.6 + 1.8 * np.exp(-epoch / 90) + 0.25 * noise[9::10]),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 90) + 0.02 * noise,
    "val/loss": (epoch, 0.4 + 1.9 * np.exp(-epoch / 90) + 0.02 * noise[9::10]),
}
```

## References
Bouthillier et al. 2021, arXiv:2103.03098 (variance in benchmarks).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "info"
STATUS: Final = "preview"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 10
VARIES: Final = ("shift",)

NOISE: Final = 0.1
"""Noise of one validation as a share of the training loss's drop."""
SMOOTH: Final = 3.0
"""Times the noise of the training loss's blocks, which shows that it isn't the parameters that shake."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation that jumps about while the training loss is smooth."""
    val, loss = view.val, view.loss
    if val is None or val.n < POINTS or not view.learned:
        return Abstain("too few validations, or nothing learned yet")
    if val.tau < NOISE * loss.drop or val.tau < SMOOTH * loss.tau:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, float(val.block_step[len(val.blocks) // 3]), 0.7,
            f"{val.name} scatters by {val.tau / loss.drop:.0%} of what was learned: less means nothing",
            noise=(val.tau / loss.drop, "of the drop"), over_training=(val.tau / loss.tau, "1"),
        )
    ]  # fmt: skip
