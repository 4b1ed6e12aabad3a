"""Some steps take many times as long as the others.

## What is seen
Three steps and more take over three times the usual, and together their excess is a tenth of the run's time and half a
minute at least. Whether they come back at a fixed distance is told in `period`. Severity `info`.

## Why it matters
A tenth of the time goes into something that is not training. At a fixed distance it is evaluation, a checkpoint,
logging or the garbage collector; without a pattern it is the loader, the network, another job, or the device's heat.

## Look-alikes
Compilation and caches at the start: the first points are left out. Text of very different lengths: no step is far from
the others then. A log whose points are means over many steps shows long steps only weakly.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 80) + 0.02 * noise,
    "step_time": 1.0 + 0.05 * noise + 20.0 * (step % 50 == 49),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 80) + 0.02 * noise,
    "step_time": np.exp(0.4 * noise) + 60.0 * (step == 0),
}
```

## References
Dean and Barroso 2013, doi:10.1145/2408776.2408794 (the tail at scale).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import View
from optcli.run.curve import Floats
from optcli.run.stats import deviation, median

SEVERITY: Final = "info"
STATUS: Final = "stable"
NEEDS: Final = ("step_time",)
POINTS: Final = 40
VARIES: Final = ("steps",)

START: Final = 0.05
FIRST: Final = 10
"""Share of the points, at least so many, in which code is compiled and caches fill."""
TIMES: Final = 3.0
SIGMAS: Final = 10.0
"""Times the usual, and robust deviations above it, that make a step a slow one."""
LEAST: Final = 3
LOST: Final = 0.1
SECONDS: Final = 30.0
"""Excess of the slow steps, as a share of the time and in all: nobody looks for less."""
REGULAR: Final = 0.15
"""Robust deviation of the distances between slow steps, over their median, up to which they have a period."""


def check(view: View) -> list[Finding] | Abstain:
    """Steps far slower than the usual one, and what they cost together."""
    took = view.series("step_time")
    if took is None or took.n < POINTS:
        return Abstain("too few finite points")
    first = max(FIRST, round(START * took.n))
    value, step = took.value[first:], took.step[first:]
    total, spacing = float(value.sum()), float(step[-1] - step[0]) / (len(step) - 1)
    if total * spacing < SECONDS:
        return []
    usual = median(value)
    if usual <= 0 or value.max() <= TIMES * usual:  # a clock of whole seconds says 0
        return []
    slow = value > max(TIMES * usual, usual + SIGMAS * deviation(value))
    excess = float((value[slow] - usual).sum())
    if np.count_nonzero(slow) < LEAST or excess < LOST * total or excess * spacing < SECONDS:
        return []
    period = _period(step[slow])
    often = f"every {period:g} steps" if math.isfinite(period) else "at no fixed distance"
    return [
        view.finding(
            __name__, SEVERITY, "step_time", float(step[slow][0]), 0.85,
            f"{np.count_nonzero(slow)} steps, {often}, took {median(value[slow]) / usual:.0f} times the usual; "
            f"{excess / total:.0%} of the time went into that",
            steps=(float(np.count_nonzero(slow)), "points"), lost=(excess / total, "1"), period=(period, "steps"),
            times=(median(value[slow]) / usual, "1"), usual=(usual, "s"),
        )
    ]  # fmt: skip


def _period(steps: Floats) -> float:
    """The distance of steps that stand at equal distances; NaN where they don't."""
    apart = np.diff(steps)
    return median(apart) if len(apart) >= 2 and deviation(apart) <= REGULAR * median(apart) else math.nan
