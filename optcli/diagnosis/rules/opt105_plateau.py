"""The loss fell, then lies flat far above its floor.

## What is seen
Over the last 40 % of the run the level neither falls nor could a fall hide in the noise, while more than 30 % of the
start level is left. A rate that was on its planned way down over that stretch excuses it.

## Why it matters
Either the run has stopped learning although there was more to learn, or this is all the model can do: both are worth
knowing before the next run of the same length.

## Look-alikes
A converged run lies lower: that is a wasted tail (OPT107). Losses with a floor of their own (label smoothing,
distillation, the entropy of text) lie flat high up by nature. A step schedule waits for its next drop.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": np.where(step < 80, 2.3 - 0.012 * step, 1.34) + 0.02 * noise}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.15 + 2.1 * np.exp(-step / 90) + 0.02 * noise}
```

## References
Keras documentation, ReduceLROnPlateau. Prechelt 1998, doi:10.1007/3-540-49430-8_3.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 10
VARIES: Final = ("shift",)

FLAT_SHARE: Final = 0.4
"""Part of the run so far that must be flat."""
FALLING: Final = -3.0
STILL: Final = 0.005
"""A fall over that part that is certain by `FALLING` standard errors and at least this share of the drop goes on."""
FLAT: Final = 0.05
"""A larger one need not be certain."""
SURE: Final = 1.5
HIDDEN: Final = 0.08
"""In a run that goes on, no fall of this share of the drop may hide within so many standard errors."""
RISE: Final = 0.15
"""A rise beyond is no plateau."""
DONE: Final = 0.6
"""Share of the plan after which the flat part is a quarter of it."""
LEVEL: Final = 0.3
"""Share of the start level that is left: below, it has converged."""
LEVEL_TEXT: Final = 0.7
"""The same for language, whose loss can't fall below the entropy of text."""


def check(view: View) -> list[Finding] | Abstain:
    """A fall, then a level stretch well above 0."""
    loss = view.loss
    if loss.n < POINTS:
        return Abstain("too few finite points")
    if loss.start <= 0:
        return Abstain("a loss at or below 0 has no floor to measure by")
    if not view.ended and not view.share >= DONE:
        return Abstain("too early, or no plan to measure by")
    level = median(loss.tail(FLAT_SHARE))
    top = max(loss.start, view.chance or 0.0)
    if level < (LEVEL_TEXT if view.entropic else LEVEL) * top or loss.start - loss.low < 0.05 * loss.start:
        return []
    change, z = loss.trend(FLAT_SHARE)
    if z < FALLING and change < -STILL * loss.drop:
        return []
    error = abs(change / z) if z else loss.drop
    hidden = not view.ended and change - SURE * error < -HIDDEN * loss.drop
    if hidden or loss.trend(0.2)[0] < -2 * FLAT * loss.drop:
        return []
    since = float(loss.block_step[-len(loss.tail(FLAT_SHARE))])
    if not -FLAT * loss.drop <= change <= RISE * loss.drop or _annealed(view, since):
        return []
    band = 0.05 * loss.drop + 3 * loss.tau
    outside = np.flatnonzero(np.abs(loss.blocks - level) > band)
    first = float(loss.block_step[min(outside[-1] + 1, len(loss.blocks) - 1)]) if len(outside) else float(loss.step[0])
    lr = view.series("lr")
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.85,
            f"{loss.name} fell to {level:.4g} and has been flat since step {first:g}",
            level=(level / top, "of the start level"), change=(change / loss.drop, "of the drop"),
            lr_left=(lr.end / lr.value.max() if lr is not None and lr.value.max() > 0 else float("nan"), "1"),
        )
    ]  # fmt: skip


def _annealed(view: View, since: float) -> bool:
    """Whether the rate was on its planned way down over the flat stretch: a loss that settles then is meant to."""
    lr = view.series("lr")
    if lr is None:
        return False
    stretch = lr.value[lr.step >= since]
    if len(stretch) < 3:
        return False
    changes = np.count_nonzero(np.diff(stretch) < 0) / (len(stretch) - 1)
    begin, end = float(stretch[0]), float(stretch[-1])
    return bool(changes > 0.5 and begin > (3 if view.ended else 1) * end and begin > 0.01 * float(lr.value.max()))
