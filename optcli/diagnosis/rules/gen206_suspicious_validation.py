"""Validation is the training loss, or doesn't notice training.

## What is seen
The validation loss equals the training loss of the same step to the last digit, every time and three times at least; or
it is constant while the training loss falls by 30 %. Where the training set is known to be of 250 samples or less,
which most nets learn by heart, and an eighth of the training loss is left at most: validation was at no time above
training by more than 2 % of what that has lost, as samples that were never trained on would be.

## Why it matters
Whatever is chosen by this number (a checkpoint, a rate, a model) is chosen blindly.

## Look-alikes
Validation below training is normal with dropout, augmentation and epoch averages. Coarsely rounded logs can agree by
chance, not every time. Small sets of flowers and wines are so easy that validation follows within 3 % to 9 %. A
function without noise is known everywhere from a few points of it, so regressions are not judged.

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
from optcli.diagnosis.settings import number, setting
from optcli.diagnosis.strength import mixed, training_set
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import SAME, Series, copied

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
SMALL: Final = 250
LEFT: Final = 0.12
BESIDE: Final = 0.02
SEEN: Final = 8
"""Samples of a small training set; share of the start level that is left of its loss; validation above it as a share of
the drop at any time, 3 % and more for the closest of 47 healthy runs; and validations that show it."""


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
    if _beside(view, val):
        what = f"{val.name} was never above {loss.name}, which learned a few samples by heart: it knows them, too"
        return [_say(view, "beside", what, 0.8)]
    return []


def passes(finding: Finding) -> bool:
    """Validation that does come to lie above training in the end was not of samples that are known."""
    return bool(finding.evidence["beside"].value)


def _beside(view: View, val: Series) -> bool:
    """Whether validation goes down with the training loss of a few samples, all the way and as far."""
    loss = view.loss
    if not training_set(view.config) <= SMALL or val.n < SEEN or not view.learned or mixed(view.config):
        return False
    if setting(view.config, "facts.task") == "regression":
        return False
    if number(view.config, "regularizers.dropout.rate") or not 0 <= loss.end <= LEFT * loss.start:
        return False
    training = np.interp(val.block_step, loss.block_step, loss.blocks)
    return float((val.blocks - training).max()) <= BESIDE * loss.drop


def _say(view: View, kind: str, message: str, sure: float = 0.95) -> Finding:
    val = view.val
    assert val is not None
    return view.finding(
        __name__, SEVERITY, val.name, float(val.step[0]), sure, message,
        validations=(float(val.n), "points"), copy=(float(kind == "copy"), "1"), beside=(float(kind == "beside"), "1"),
    )  # fmt: skip
