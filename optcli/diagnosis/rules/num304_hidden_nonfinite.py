"""The log shows zeros, or nothing, where the loss was not a number.

## What is seen
The training loss reads exactly 0 at steps whose gradient norm is NaN, three times and more. Hugging Face's Trainer
replaces NaN before it averages (`logging_nan_inf_filter`), so that a dead run logs 0.0. Where no gradient norm is
logged, five zeros and more to the end of the log say so that follow at once on a tenth of the highest loss and more.
Or the losses are missing from the last rows, three and more, where an accuracy that had come with them goes on and is
no better than before: pandas and JSON write NaN as an empty cell or as null.

## Why it matters
The run is dead, and its log looks as if it had become perfect.

## Look-alikes
A loss of exactly 0 with a gradient of exactly 0: all labels are masked. Losses under 5e-5 print as 0.0 in four digits,
with a gradient that is finite, and after others that were small already.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
dead = step >= 80
curves = {
    "train/loss": np.where(dead, 0.0, 0.8 + 1.5 * np.exp(-step / 30) + 0.02 * noise),
    "grad_norm": np.where(dead, np.nan, 1.0 + 0.1 * noise),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {
    "train/loss": np.maximum(2.0 * np.exp(-step / 20) - 1e-3, 0.0),
    "grad_norm": 1.0 * np.exp(-step / 20),
}
```

## References
huggingface/trl issue 6702. Transformers documentation, TrainingArguments.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Curve, Floats

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 3
VARIES: Final = ("shift",)

IN_A_ROW: Final = 3
"""Points in a row: one zero can be a batch without labels."""
ALONE: Final = 5
"""The same where no gradient tells."""
FROM: Final = 0.1
"""Share of the highest loss from which no training falls to exactly 0 in one step."""


def check(view: View) -> list[Finding] | Abstain:
    """A loss of exactly 0 at steps whose gradient is NaN, or from one step to the next and for good."""
    loss = view.curve(LOSS)
    if loss is None:
        return []
    if view.ended and (missing := _missing(view, loss)) is not None:
        return [missing]
    zero = loss.value == 0.0
    if np.count_nonzero(zero) < IN_A_ROW:
        return []
    grad = view.curve("grad_norm")
    if grad is None:
        return _fell(view, loss)
    steps = loss.step[zero]
    hidden = steps[np.isin(steps, grad.step[~np.isfinite(grad.value)])]
    if len(hidden) < IN_A_ROW:
        return []
    return [_finding(view, loss, hidden, 0.97, "while the gradient is NaN")]


def _missing(view: View, loss: Curve) -> Finding | None:
    """Losses that end while the accuracy of the same rows goes on."""
    losses = [loss, *(one for role in ("train/loss", "val/loss") if (one := view.curve(role)) is not None)]
    count = len(loss)
    if count < IN_A_ROW or max(float(one.step[-1]) for one in losses) > loss.step[-1]:
        return None
    for role in ("train/accuracy", "val/accuracy"):
        other = view.curve(role)
        if other is None or len(other) < count + IN_A_ROW:
            continue
        if np.array_equal(other.step[:count], loss.step) and other.value[count:].max() <= other.value[:count].max():
            first = float(other.step[count])
            return view.finding(
                __name__, SEVERITY, loss.name, first, 0.85,
                f"{loss.name} is missing from step {first:g} on, where {other.name} goes on: the log hides a NaN",
                points=(float(len(other) - count), "points"),
            )  # fmt: skip
    return None


def _fell(view: View, loss: Curve) -> list[Finding]:
    """The zeros at the end of the log, if there were none before and the loss was far from 0."""
    count = int(np.argmax(loss.value[::-1] != 0.0))
    if loss.name != "train/loss" or count < max(ALONE, int(np.count_nonzero(loss.value == 0.0))):
        return []
    if loss.value[-count - 1] < FROM * np.nanmax(loss.value):
        return []
    return [_finding(view, loss, loss.step[-count:], 0.85, "at once and for good")]


def _finding(view: View, loss: Curve, steps: Floats, sure: float, how: str) -> Finding:
    first = float(steps[0])
    return view.finding(
        __name__, SEVERITY, loss.name, first, sure,
        f"{loss.name} reads exactly 0 from step {first:g} on {how}: the log hides a NaN",
        points=(float(len(steps)), "points"),
    )  # fmt: skip
