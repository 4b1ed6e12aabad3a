"""Memory grows from step to step and doesn't stop.

## What is seen
After the first tenth of the run, memory rises from each eighth of what is left to the next, by half in all and more,
and the later half of it rises about as much as the earlier one. Two epochs must be over, where they are known.

## Why it matters
Something is kept that should be freed. The run gets slower, and ends when the memory does, often days later.

## Look-alikes
Allocators and caches that fill up: they rise at first, over one epoch at most, and then level off. The peak of batches
of many sizes: records become rarer and rarer, so that the later half brings a fifth of the earlier one. A larger batch
or picture from some step on is a single rise.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "memory": 2000.0 + 20.0 * step + 5.0 * noise,
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "memory": 2000.0 + 1500.0 * (1 - np.exp(-step / 20)) + 5.0 * noise,
}
```

## References
PyTorch documentation, Frequently Asked Questions: My model reports out of memory. Sen 1968,
doi:10.1080/01621459.1968.10480934.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import View
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("memory",)
POINTS: Final = 60

START: Final = 0.1
"""Share of the points in which memory may fill up as it likes."""
PARTS: Final = 8
"""Parts whose levels must rise one after the other: by chance one order in 40,320."""
GROWN: Final = 1.5
"""Last level over the first: less is fragmentation, or nobody's trouble yet."""
EPOCHS: Final = 3
"""Epochs that must have begun: a data set that is kept in memory fills it during the first."""
LATE: Final = 0.4
"""Share of the rise that the later half must bring: 0.5 for a leak, 0.35 for a cache that is two thirds full, 0.25 and
less for the records of a peak."""


def check(view: View) -> list[Finding] | Abstain:
    """Memory that rises as fast late in the run as it does early."""
    memory = view.series("memory")
    if memory is None or memory.n < POINTS:
        return Abstain("too few finite points")
    if 0 < len(view.epochs) < EPOCHS:
        return Abstain("the first epochs are not over")
    first = round(START * memory.n)
    if memory.value[first:].max() < GROWN * memory.value[first:].min():
        return []
    levels = np.array([median(part) for part in np.array_split(memory.value[first:], PARTS)])
    rise, grown = float(levels[-1] - levels[0]), float(levels[-1] / levels[0]) if levels[0] > 0 else 0.0
    middle = float(levels[PARTS // 2 - 1] + levels[PARTS // 2]) / 2
    if not (np.diff(levels) > 0).all() or grown < GROWN or levels[-1] - middle < LATE * rise:
        return []
    return [
        view.finding(
            __name__, SEVERITY, "memory", float(memory.step[first]), 0.85,
            f"memory has grown to {grown:.2g} times what it was after the start, and still grows as fast",
            grown=(grown, "1"), late=((levels[-1] - middle) / rise, "of the rise"),
            per_step=(rise / max(float(memory.step[-1] - memory.step[first]), 1e-9), "of its unit a step"),
        )
    ]  # fmt: skip
