"""Validation is the training loss, or doesn't notice training.

## What is seen
The validation loss equals the training loss of the same step to the last digit, every time and three times at least;
or it is constant while the training loss falls by 30 %.

## Why it matters
Whatever is chosen by this number (a checkpoint, a rate, a model) is chosen blindly.

## Look-alikes
Validation below training is normal with dropout, augmentation and epoch averages. Coarsely rounded logs can agree by
chance, not every time.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 30) + 0.02 * noise}
curves["val/loss"] = (step[9::10], curves["train/loss"][9::10])
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise,
    "val/loss": (step[9::10], (0.3 + 2.0 * np.exp(-step / 50))[9::10]),
}
```

## References
Kaufman et al. 2012, doi:10.1145/2382577.2382579 (leakage in data mining).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import SAME, copied

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 3
VARIES: Final = ("shift",)
CONSTANT: Final = True

LEAST: Final = 4
"""Points of the training loss, and validations that must be one number; of different numbers three are no chance."""
FELL: Final = 0.3
"""Fall of the training loss, as a share of its start level, that validation must have noticed."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation that is the training loss itself, or that doesn't notice what training changes."""
    val, loss = view.val, view.loss
    if val is None or val.n < POINTS or loss.n < LEAST:
        return Abstain("no validation besides the headline, or too little")
    if copied(val, loss, POINTS) and float(np.ptp(loss.value)) > 1e-3 * abs(loss.start):
        return [_say(view, "copy", f"{val.name} equals {loss.name} at every step: it is measured on the same batches")]
    constant = val.n >= LEAST and float(np.ptp(val.value)) <= SAME * abs(float(val.value[0]))
    before = loss.at(float(val.step[0]))
    if constant and before - loss.end > FELL * abs(loss.start) and view.learned:
        return [_say(view, "constant", f"{val.name} is {val.value[0]:.4g} every time while {loss.name} falls")]
    return []


def _say(view: View, kind: str, message: str) -> Finding:
    val = view.val
    assert val is not None
    return view.finding(
        __name__, SEVERITY, val.name, float(val.step[0]), 0.95, message,
        validations=(float(val.n), "points"), copy=(float(kind == "copy"), "1"),
    )  # fmt: skip
