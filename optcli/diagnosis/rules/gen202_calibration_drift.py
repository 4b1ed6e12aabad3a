"""Validation loss rises while validation accuracy holds.

## What is seen
Validation loss has risen from its lowest level by 5 % of what training gained, and validation accuracy has not fallen
since. Severity `info`.

## Why it matters
The ranking of the classes is as good as before, the probabilities are not: the model is more and more sure, of its
mistakes too. Where only the choice counts this is harmless; where probabilities are used it is not.

## Look-alikes
Accuracy that falls with it: overfitting (GEN201). Accuracy on few samples moves in steps.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.02 + 2.2 * np.exp(-step / 50) + 0.01 * noise,
    "val/loss": (epoch, 0.3 + 1.9 * np.exp(-epoch / 40) + 0.0008 * epoch),
    "val/accuracy": (epoch, 0.93 - 0.8 * np.exp(-epoch / 40)),
}
also = ("GEN201",)
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.1 + 2.2 * np.exp(-step / 90) + 0.01 * noise,
    "val/loss": (epoch, 0.2 + 2.0 * np.exp(-epoch / 90)),
    "val/accuracy": (epoch, 0.93 - 0.8 * np.exp(-epoch / 90)),
}
```

## References
Guo et al. 2017, arXiv:1706.04599 (calibration).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import median

SEVERITY: Final = "info"
STATUS: Final = "stable"
NEEDS: Final = ("val/loss", "val/accuracy", LOSS)
POINTS: Final = 8
VARIES: Final = ("shift",)

RISE: Final = 0.05
"""Rise of the validation loss above its lowest, as a share of the training loss's drop."""
SIGMAS: Final = 4.0
HELD: Final = 0.005
"""Loss of accuracy (a fraction) that still counts as holding."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation loss up, validation accuracy not down."""
    val, accuracy, loss = view.val, view.series("val/accuracy"), view.loss
    if val is None or accuracy is None or accuracy.n < POINTS or not view.learned:
        return Abstain("too few validations, or nothing learned yet")
    best = int(np.argmin(val.blocks))
    rise = val.end - float(val.blocks[best])
    if len(val.blocks) - best < 4 or rise < max(RISE * loss.drop, SIGMAS * val.tau):
        return []
    step = float(val.block_step[best])
    before = accuracy.value[accuracy.step <= step][-3:]
    change = accuracy.end - median(before) if len(before) else 0.0
    if change < -HELD:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, step, 0.8,
            f"{val.name} has risen since step {step:g} while validation accuracy held: the model grows overconfident",
            rise=(rise / loss.drop, "of the drop"), accuracy_change=(change, "1"),
        )
    ]  # fmt: skip
