"""The last part of the run brought nothing.

## What is seen
Validation loss (training loss where there is none) reached its best level, within its noise, more than 30 % of the run
before the end; since then it hasn't fallen to a thirtieth of that, nor the validation accuracy risen by a point.
Good to know, no fault: severity `info`, and only of a run that has ended.

## Why it matters
That share of the time can be saved in the next run, or spent on something else.

## Look-alikes
Averages of weights and some large models gain late, after a long flat stretch. A cosine schedule gains most in its
last third; a flat tail there is real.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.5 + 2.2 * np.exp(-step / 15) + 0.01 * noise}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.2 + 2.1 * np.exp(-step / 150) + 0.005 * noise}
```

## References
Prechelt 1998, doi:10.1007/3-540-49430-8_3 (early stopping).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import whole

SEVERITY: Final = "info"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 12
AT_END: Final = True
VARIES: Final = ("shift",)

SHARE: Final = 0.3
"""Part of the run that must have brought nothing."""
ROSE: Final = 0.15
"""Training loss above its lowest level at the end, as a share of its drop (or 4 noise levels): another matter."""
DECADES: Final = 30.0
"""Times by which a loss near 0 has fallen after all, little as it is of the whole drop."""
BETTER_ACCURACY: Final = 0.01
"""Rise of the validation accuracy, as a fraction, that makes the stretch worth it."""
BAND: Final = 0.01
"""Change that counts as nothing, as a share of the drop; or 2 noise levels of a block."""


def check(view: View) -> list[Finding] | Abstain:
    """The stretch at the end over which neither training nor validation loss moved."""
    series = view.val if view.val is not None and view.val.n >= POINTS else view.loss
    if series.n < POINTS or not view.loss.n:
        return Abstain("too few finite points")
    learned = max(series.drop, view.loss.drop) if view.alike else series.drop
    band = max(BAND * learned, 2 * series.tau)
    best = np.minimum.accumulate(series.blocks)
    last = int(np.argmax(best <= series.low + band))
    wasted = 1 - (float(series.block_step[last]) - float(series.step[0])) / max(view.at - float(series.step[0]), 1.0)
    rose = view.loss.end - view.loss.low > max(ROSE * view.loss.drop, 4 * view.loss.tau)
    if rose or wasted < SHARE or series.drop < 8 * series.tau or series.end > series.low + 3 * band:
        return []
    first = float(series.block_step[last])
    gained = float(best[last]) - series.low
    if series.low * DECADES < float(best[last]) or _better(view, first):
        return []
    told = f"{gained / learned:.1%}" if gained > 2 * series.tau else "nothing beyond noise"
    return [
        view.finding(
            __name__, SEVERITY, series.name, first, 0.8,
            f"the last {wasted:.0%} of the run, after step {first:g}, brought {told} of what {series.name} gained",
            wasted=(wasted, "of the run"), gained=(gained / learned, "of the drop"),
        )
    ]  # fmt: skip


def _better(view: View, step: float) -> bool:
    """Whether the validation accuracy is higher after a step than it ever was before."""
    accuracy = view.series("val/accuracy")
    if accuracy is None:
        return False
    at = int(np.searchsorted(accuracy.step, step, side="right"))
    if not 0 < at < accuracy.n:
        return False
    gained = float(accuracy.blocks[accuracy.block_step > step].max(initial=-np.inf) - accuracy.value[:at].max())
    return gained > max(BETTER_ACCURACY * whole(accuracy), 2 * accuracy.tau)
