"""Steps wait for the data loader.

## What is seen
Of the time of a step more than 20 % goes by until its batch is there: the median of `data_time` over `step_time` after
the loader has started, at eight points and more. Severity `info`; `warning` only where two thirds of the run are spent
waiting, since the fit is the same and the machine may be all there is.

## Why it matters
The device that computes stands still meanwhile. With a loader that keeps up the same run takes 1 - share of its time.

## Look-alikes
The first batch of each epoch, for which the workers start anew: a median doesn't see it. Logs whose step time leaves
the waiting out: where data takes longer than the step, both are added.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "step_time": 0.5 + 0.02 * noise,
    "data_time": 0.4 + 0.02 * noise,
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
first = step % 50 == 0
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "step_time": 0.2 + 3.0 * first + 0.005 * noise,
    "data_time": 0.01 + 3.0 * first + 0.001 * noise,
}
```

## References
Mohan et al. 2021, arXiv:2007.06775 (data stalls in training). Amdahl 1967, doi:10.1145/1465482.1465560.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import View
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("data_time", "step_time")
POINTS: Final = 8

START: Final = 0.05
"""Share of the points, at least `LEAST`, in which workers start and caches fill."""
LEAST: Final = 3
SHARE: Final = 0.2
"""Share of a step's time from which on a better loader is worth the work."""
MOST: Final = 2 / 3
"""Share from which on it is the first thing to do: the run takes three times as long as it need."""


def check(view: View) -> list[Finding] | Abstain:
    """The usual share of a step that is spent waiting for its batch."""
    data, whole = view.series("data_time"), view.series("step_time")
    if data is None or whole is None:
        return Abstain("no finite points")
    waited, took, step = data.value, whole.value, data.step
    if not np.array_equal(data.step, whole.step):
        step, here, there = np.intersect1d(data.step, whole.step, return_indices=True)
        waited, took = data.value[here], whole.value[there]
    skipped = max(LEAST, round(START * len(step)))
    waited, took = waited[skipped:], took[skipped:]
    if len(waited) < POINTS - LEAST or (waited < 0).any() or (took <= 0).any():
        return Abstain("too few steps with both times")
    if median(waited) > median(took):
        took = took + waited
    share = median(waited / took)
    if not SHARE < share <= 1:
        return []
    return [
        view.finding(
            __name__, "warning" if share > MOST else "info", "data_time", float(step[skipped]), 0.9,
            f"{share:.0%} of a step's time goes by waiting for data; without that the run takes {1 - share:.0%} of it",
            share=(share, "1"), speedup=(1 / max(1 - share, 1e-3), "1"), waited=(median(waited), "s"),
            step_time=(median(took), "s"),
        )
    ]  # fmt: skip
