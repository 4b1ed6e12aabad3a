"""Gradient clipping acts on every step.

## What is seen
The gradient's norm before clipping is above the limit at 95 % of the steps, and usually ten times as large; of 8 to 23
norms all are, in a run that has ended. The limit must be known from the configuration. Where the run has the curve
`clip_norm/clipped_steps`, the share of the steps that were clipped is taken from there: it counts every step, and only
those that were really cut.

## Why it matters
Every step then has the same length whatever the gradient says; with plain SGD the learning rate is smaller than
written by that factor.

## Look-alikes
Warm-up. Norms that were logged before the loss scale of mixed precision was taken out. A limit that is met by half of
the steps is a normalization, and works well.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 80) + 0.02 * noise,
    "grad_norm": 3.0 + 0.3 * noise,
}
config = {"regularizers.clip_norm.max_norm": 0.05}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 80) + 0.02 * noise,
    "grad_norm": 1.0 + 0.3 * noise,
}
config = {"regularizers.clip_norm.max_norm": 1.0}
```

## References
Pascanu et al. 2013, arXiv:1211.5063. Godbole et al., Deep Learning Tuning Playbook, 2023.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.settings import number
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import median, quantile

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("grad_norm", LOSS)
POINTS: Final = 8
VARIES: Final = ("scale", "shift")

ALWAYS: Final = 0.95
"""Share of steps that are clipped."""
MANY: Final = 24
"""Norms from which half of them tell; of fewer all have to be that large, in a run that has ended."""
DEEP: Final = 10.0
"""Times the limit that the usual norm is: below, clipping only acts as a normalization."""
CLIPPED: Final = "clip_norm/clipped_steps"
PATHS: Final = ("regularizers.clip_norm.max_norm", "max_grad_norm", "gradient_clip_val")
"""Where the configuration may say the limit; above, the curve that says how often it acted."""


def check(view: View) -> list[Finding] | Abstain:
    """Gradients that are nearly always far above the limit."""
    grad = view.series("grad_norm")
    limit = next((found for path in PATHS if (found := number(view.config, path)) is not None), 0.0)
    if grad is None or limit <= 0:
        return Abstain("no clipping limit is known")
    if grad.n < MANY and not (view.complete and float(grad.value.min()) > DEEP * limit):
        return Abstain("too few norms")
    recent = grad.value[-max(MANY, grad.n // 2) :]
    counted = view.series(CLIPPED)
    clipped = float(np.mean(recent > limit if counted is None else counted.value[-(counted.n // 2 + 1) :]))
    usual = median(recent)
    if clipped < ALWAYS or usual < DEEP * limit:
        return []
    return [
        view.finding(
            __name__, SEVERITY, "grad_norm", float(grad.step[grad.n - len(recent)]), 0.9,
            f"{clipped:.0%} of the steps are clipped to {limit:g} while the usual norm is {usual:.3g}",
            clipped=(clipped, "1"), usual_over_limit=(usual / limit, "1"),
            p90=(quantile(recent, 0.9), "1"),
        )
    ]  # fmt: skip
