"""Single batches scatter by a good part of what was gained.

## What is seen
The noise from point to point is above a tenth of the whole drop, it is independent from point to point, and the level
under it stands still. Severity `info`: the noise may be in the measurement alone. Where a step is known to be of one or
two samples the parameters shake with it, and it is a `warning`, also while the level falls.

## Why it matters
A larger batch, a lower rate at the end, or an average of weights would let the loss sink further, if the parameters
shake as the loss does.

## Look-alikes
Swings that last for many steps (OPT101). Early training, where the drop is still small. Heavy dropout makes the
training loss noisy and leaves validation smooth.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=800)
step = np.arange(800)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 40) + 0.3 * noise}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=800)
step = np.arange(800)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 200) + 0.05 * noise}
```

## References
McCandlish et al. 2018, arXiv:1812.06162 (gradient noise scale).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.strength import SHAKY, samples
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "warning"
STATUS: Final = "preview"
NEEDS: Final = (LOSS,)
POINTS: Final = 144
VARIES: Final = ("shift",)

NOISE: Final = 0.1
"""Noise of one point as a share of the drop."""
FLAT: Final = -3.0
"""Trend of the later half in standard errors: while the level falls the noise does no harm."""
WANDER: Final = 1.5
"""Noise of blocks over what independent noise leaves: more is a swing, not noise."""


def check(view: View) -> list[Finding] | Abstain:
    """Single losses that scatter by a good part of what was gained, around a level that stands still."""
    loss = view.loss
    if loss.n < POINTS:
        return Abstain("too few points")
    noise = loss.sigma / loss.drop
    if noise > NOISE and (taken := samples(view.config)) <= SHAKY:
        steps = f"{loss.name} scatters by {noise:.0%} of its drop: steps of {taken:.0f} sample{'s' * (taken > 1)}"
        return [
            view.finding(
                __name__, SEVERITY, loss.name, float(loss.step[0]), 0.85, f"{steps} are mostly noise",
                noise=(noise, "of the drop"), samples=(taken, "samples"),
            )
        ]  # fmt: skip
    if not view.learned:
        return Abstain("nothing learned yet")
    wander = loss.tau / loss.sigma * loss.size**0.5 / 1.25
    if loss.sigma < NOISE * loss.drop or loss.trend(0.5)[1] < FLAT or wander > WANDER:
        return []
    return [
        view.finding(
            __name__, "info", loss.name, float(loss.block_step[len(loss.blocks) // 2]), 0.6,
            f"{loss.name} scatters by {noise:.0%} of its drop from point to point and stands still",
            noise=(noise, "of the drop"), wander=(wander, "1"),
        )
    ]  # fmt: skip


def passes(finding: Finding) -> bool:
    """Once it is over nothing need be done about it."""
    return True
