"""The loss repeats the same pattern in every epoch.

## What is seen
The place within the epoch explains more than a fifth of the variance within epochs, six standard deviations beyond
chance, or a twelfth, ten beyond it, by a pattern higher than a twentieth of everything gained; in the last sixteen
epochs or in the last eight. Needs a log with several points an epoch, and the epochs; of one that has ended,
validations at equal distances may stand for them.

## Why it matters
Batches are not random draws: the model learns what comes now and forgets it while it sees the rest. A loss that has
come down may hide the order and doesn't mend it, so that what was found stands.

## Look-alikes
Adam's own small sawtooth, and the stairs of large language models at the seams of epochs, are taken out by level and
slope. A shorter last batch makes one noisier point. Running means that begin anew with each epoch fall back each time.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
wave = 0.15 * np.sin(2 * np.pi * step / 40) + 0.1 * np.cos(4 * np.pi * step / 40)
curves = {"train/loss": 0.5 + 2.0 * np.exp(-step / 150) + wave + 0.05 * noise}
epochs = step[::40]
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 90) + 0.05 * noise}
epochs = step[::40]
```

## References
Bottou 2009, Curiously fast convergence of some stochastic gradient descent algorithms. Wilson and Hilferty 1931,
doi:10.1073/pnas.17.12.684 (the normal deviate).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis import seasons
from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = seasons.POINTS


def check(view: View) -> list[Finding] | Abstain:
    """The same pattern of the loss in every epoch."""
    found = seasons.pattern(view)
    if found is None:
        return Abstain("no epochs to compare, too few, or too few points in them")
    loss = view.loss
    if found.swing < seasons.SWING * loss.drop or not found.certain:
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(found.marks[0]), 0.95,
            f"{loss.name} repeats a pattern in every epoch, which explains {found.explained:.0%} of its variance",
            explained=(found.explained, "1"), sure=(found.sure, "sigma"),
            swing=(found.swing / loss.drop, "of the drop"), period=(found.period, "steps"),
        )
    ]  # fmt: skip


def gone(finding: Finding, view: View) -> bool:
    """Never: the order stays what it is, though a loss that has come down may not show it any more."""
    return False
