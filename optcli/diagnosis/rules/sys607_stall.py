"""For a long time nothing was logged.

## What is seen
Between two points of the loss the clock went on for ten times as long as usual, and for five minutes at least, once or
a few times in the run. Places where the run is known to have been resumed don't count. Severity `info`. While it lasts
nothing is in the log: `optcli watch` says so by its own clock.

## Why it matters
The process hung or waited: for a lock, a file system, another rank, a machine that slept. When it happens again, the
job may hang for good, and a watchdog that looks at the process alone sees nothing.

## Look-alikes
Long evaluations: a gap at which a validation was logged is one, and so are gaps of which there are many. A laptop's
lid. A run that was continued by a program that doesn't say so in its log.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
seconds = 2.0 * step + 1800.0 * (step > 130)
curves = {"train/loss": (step, 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise, seconds)}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
seconds = 2.0 * step + 600.0 * (step // 25)
loss = 0.3 + 2.0 * np.exp(-step / 50)
curves = {"train/loss": (step, loss + 0.02 * noise, seconds), "val/loss": (step[24::25], loss[24::25])}
```

## References
Amazon SageMaker Debugger, StalledTrainingRule (a fixed 30 minutes). Jeon et al. 2019, arXiv:1901.05758 (failures in
GPU clusters).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Curve
from optcli.run.stats import median

SEVERITY: Final = "info"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 12

TIMES: Final = 10.0
SECONDS: Final = 300.0
"""Times the usual distance of two points, and seconds, from which on a silence is no slow step."""
FEW: Final = 3
"""Gaps up to which they are no habit of the run, such as evaluation."""


def check(view: View) -> list[Finding] | Abstain:
    """A few gaps in the clock of the loss, far longer than usual."""
    curve = view.curve(LOSS)
    if curve is None or curve.time is None or not np.isfinite(curve.time).all():
        return Abstain("no clock in the log")
    apart = np.diff(curve.time)
    if apart.max(initial=0.0) <= SECONDS:
        return []
    usual = median(apart)
    known = np.isin(curve.step[1:], view.seams) | _evaluated(view, curve)
    long = np.flatnonzero((apart > max(TIMES * usual, SECONDS)) & ~known)
    if usual <= 0 or not 0 < len(long) <= FEW:
        return []
    before, after = float(curve.step[long[0]]), float(curve.step[long[0] + 1])
    return [
        view.finding(
            __name__, SEVERITY, curve.name, before, 0.8,
            f"nothing was logged for {apart[long].max() / 60:.0f} minutes after step {before:g}; "
            f"{usual:.3g} s are usual",
            gap=(float(apart[long].max()), "s"), usual=(usual, "s"), gaps=(float(len(long)), "1"),
            after=(after, "step"),
        )
    ]  # fmt: skip


def _evaluated(view: View, curve: Curve) -> NDArray[np.bool_]:
    """For each pair of neighbouring points whether a validation was logged at or between them. Shape (n - 1,)."""
    val = view.curve("val/loss") or view.curve("val/accuracy")
    if val is None:
        return np.zeros(len(curve) - 1, dtype=np.bool_)
    after = np.searchsorted(val.step, curve.step[1:], side="right")
    return after > np.searchsorted(val.step, curve.step[:-1], side="left")
