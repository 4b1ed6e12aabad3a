"""Validation jumps about.

## What is seen
One validation in twelve and more, at least two, leaps above those around it by more than half of their level and half
of everything learned, while the training loss stays calm. Severity `info`: the noise from one validation to the next is
above a tenth of everything learned, and three times that of the training loss, so that it isn't the parameters that
shake. Where it is above everything learned when the run ends it is a warning.

## Why it matters
The best checkpoint, early stopping and every comparison of two runs are drawn by lot within that noise. Leaps come
from running statistics of batch norms that lag behind the weights, from a rate at the edge of what the model bears, or
from a few samples with huge losses.

## Look-alikes
A learning rate too high shakes both (OPT101): leaps that the training loss shares don't count, nor do those of a run
whose training loss has left (OPT102). A new random subset at each validation is noise by construction.

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

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding, Severity
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "preview"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 8
VARIES: Final = ("shift",)

SCATTER_POINTS: Final = 10
NOISE: Final = 0.1
"""Noise of one validation as a share of the training loss's drop."""
ALL: Final = 1.0
"""The same at the end of a run, from which on it is no mere remark: the noise is more than all that was learned."""
SMOOTH: Final = 3.0
"""Times the noise of the training loss's blocks, which shows that it isn't the parameters that shake."""
LEAP: Final = 0.5
"""Height of a leap, as a share of what was learned and of the level around it."""
SOME: Final = 0.1
"""What was learned, as a share of the start level, is taken to be at least so much."""
LEAPS: Final = 2
OFTEN: Final = 0.08
"""Leaps that there must be, and as a share of the validations. No healthy run of any set has two."""
CALM: Final = 10.0
"""Times the noise of the training loss's blocks that they must reach: in runs that shake as a whole they reach 4."""
SHARED: Final = 0.3
"""A rise of the training loss near by, as a share of the leap, that makes it one of the parameters."""
UNITS: Final = 30.0
"""Times the training loss that validation starts at if it is in other units, a sum beside a mean."""
SPENT: Final = 2
"""First validations that may be anything."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation that jumps about while the training loss is smooth."""
    val, loss = view.val, view.loss
    if val is None or val.n < POINTS or not loss.n:
        return Abstain("too few validations, or none of training")
    if loss.end > loss.start + LEAP * abs(loss.start):
        return []  # training itself has left
    learned = _learned(val, loss)
    height = _alone(_leaps(val, max(learned, SOME * abs(loss.start))), val, loss)
    high = np.flatnonzero(height > 0)
    calm = len(high) > 0 and median(height[high]) > CALM * loss.tau
    if calm and len(high) >= max(LEAPS, OFTEN * val.n):
        worst = float(val.value[np.argmax(height)])
        return [
            view.finding(
                __name__, SEVERITY, val.name, float(val.step[high[0]]), 0.8,
                f"{val.name} leaps in {len(high)} of {val.n} validations, up to {worst:.4g}",
                leaps=(len(high) / val.n, "of the validations"), worst=(float(height.max()) / learned, "of the drop"),
            )
        ]  # fmt: skip
    if not view.learned or val.n < SCATTER_POINTS:
        return Abstain("too few validations, or nothing learned yet")
    if val.tau < NOISE * learned or val.tau < SMOOTH * loss.tau:
        return []
    severity: Severity = SEVERITY if view.complete and val.tau > ALL * learned else "info"
    return [
        view.finding(
            __name__, severity, val.name, float(val.block_step[len(val.blocks) // 3]), 0.7,
            f"{val.name} scatters by {val.tau / learned:.0%} of what was learned: less means nothing",
            noise=(val.tau / learned, "of the drop"), over_training=(val.tau / loss.tau, "1"),
        )
    ]  # fmt: skip


def _learned(val: Series, loss: Series) -> float:
    """The training loss's drop, or validation's own where the two can't be in the same units."""
    return max(loss.drop, val.drop) if val.start > UNITS * abs(loss.start) else loss.drop


def _alone(height: Floats, val: Series, loss: Series) -> Floats:
    """Leaps of validation without those that the training loss shares, around the same step."""
    usual = median(loss.value)
    for i in np.flatnonzero(height).tolist():
        since, until = val.step[max(i - 1, 0)], val.step[min(i + 1, val.n - 1)]
        near = loss.value[(loss.step > since) & (loss.step <= until)]
        if len(near) and float(near.max()) - usual > SHARED * height[i]:
            height[i] = 0.0
    return height


def _leaps(val: Series, learned: float) -> Floats:
    """How far each validation stands above the median of the five around it; 0 where that is no leap. Shape (n,)."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(val.value, 2, mode="reflect"), 5)
    near = np.partition(around, 2, axis=1)[:, 2]
    height: Floats = val.value - near
    leaps = (height > LEAP * learned) & (height > LEAP * np.abs(near)) & (np.arange(val.n) >= SPENT)
    return np.where(leaps, height, 0.0)
