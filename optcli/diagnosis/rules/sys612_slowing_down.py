"""Steps take longer and longer.

## What is seen
The usual time of a step rises from each sixth of the run to the next, by 30 % in all and more, and the later half of it
brings at least a quarter of the rise. From the logged step time, the throughput, or the clock of the points. Severity
`info`: the fit is the same, and the machine may be shared.

## Why it matters
Something grows with the number of steps: a list that is kept and looped over, a log that is read again, an autograd
graph that is never freed, a disk or a memory that fills up, a device that gets hot and lowers its clock.

## Look-alikes
Sequences, pictures or batches that get larger by plan. Another job on the same machine: its load comes and goes. A step
time that jumps once, as at a resume on another machine, is no rise.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=240)
step = np.arange(240)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 60) + 0.02 * noise,
    "step_time": 0.5 + 0.004 * step + 0.02 * noise,
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=240)
step = np.arange(240)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 60) + 0.02 * noise,
    "step_time": 0.5 + 0.4 * (step > 100) + 0.02 * noise,
}
```

## References
Gregg 2013, Systems Performance, chapter 2. Theil 1950 (slopes from medians).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.pace import pace
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import median

SEVERITY: Final = "info"
STATUS: Final = "preview"
NEEDS: Final = (LOSS,)
POINTS: Final = 60
VARIES: Final = ("steps",)

START: Final = 0.05
"""Share of the points in which code is compiled and caches fill."""
PARTS: Final = 6
"""Parts whose medians must rise one after the other: by chance one order in 720."""
SLOWER: Final = 1.3
"""Last median over the first from which on it is worth a word."""
SECONDS: Final = 10.0
"""Seconds that must have been lost to the pace of the start before anything is said."""
LATE: Final = 0.25
"""Share of the rise that the later half brings; a rise that levels off is none of the run's own growth."""
EVEN: Final = 0.6
"""Share of the rise that may lie between two parts: more is a jump."""


def check(view: View) -> list[Finding] | Abstain:
    """A usual step time that rises all along."""
    took = pace(view)
    if took is None or took.n < POINTS:
        return Abstain("no step time, throughput or clock with enough points")
    first = round(START * took.n)
    value, step = took.value[first:], took.step[first:]
    lowest, highest = float(value.min()), float(value.max())
    if highest < SLOWER * lowest or (highest - lowest) * (step[-1] - step[0]) < SECONDS:
        return []
    levels = np.array([median(part) for part in np.array_split(value, PARTS)])
    rise, slower = float(levels[-1] - levels[0]), float(levels[-1] / levels[0]) if levels[0] > 0 else 0.0
    moves = np.diff(levels)
    if slower < SLOWER or not (moves > 0).all() or moves.max() > EVEN * rise:
        return []
    lost = float((levels - levels[0]).mean() * (step[-1] - step[0]))
    if levels[-1] - levels[PARTS // 2] < LATE * rise or lost < SECONDS:
        return []
    return [
        view.finding(
            __name__, SEVERITY, took.name, float(step[0]), 0.8,
            f"a step takes {slower:.2g} times as long as after the start, and ever longer",
            slower=(slower, "1"), lost=(lost, "s"), late=((levels[-1] - levels[PARTS // 2]) / rise, "of the rise"),
        )
    ]  # fmt: skip
