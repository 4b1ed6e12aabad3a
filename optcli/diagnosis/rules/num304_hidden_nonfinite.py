"""The log shows zeros where the loss was not a number.

## What is seen
The training loss reads exactly 0 at steps whose gradient norm is NaN, three times and more. Hugging Face's Trainer
replaces NaN before it averages (`logging_nan_inf_filter`), so that a dead run logs 0.0.

## Why it matters
The run is dead, and its log looks as if it had become perfect.

## Look-alikes
A loss of exactly 0 with a gradient of exactly 0: all labels are masked. Losses under 5e-5 print as 0.0 in four digits,
with a gradient that is finite.

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

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = (LOSS, "grad_norm")
POINTS: Final = 3
VARIES: Final = ("shift",)

IN_A_ROW: Final = 3
"""Points in a row: one zero can be a batch without labels."""


def check(view: View) -> list[Finding] | Abstain:
    """A loss of exactly 0 at steps whose gradient is NaN."""
    grad, loss = view.curve("grad_norm"), view.curve(LOSS)
    if grad is None or loss is None:
        return []
    zero = loss.value == 0.0
    if np.count_nonzero(zero) < IN_A_ROW:
        return []
    steps = loss.step[zero]
    hidden = steps[np.isin(steps, grad.step[~np.isfinite(grad.value)])]
    if len(hidden) < IN_A_ROW:
        return []
    first = float(hidden[0])
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.97,
            f"{loss.name} reads exactly 0 from step {first:g} on while the gradient is NaN: the log hides a NaN",
            points=(float(len(hidden)), "points"),
        )
    ]  # fmt: skip
