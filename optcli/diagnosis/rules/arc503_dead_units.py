"""Units have died: nothing passes through them any more.

## What is seen
The gradient of a layer's weights had a size once and from some step on is exactly 0 four times in five, for eight
points and a quarter of all at least, while the loss is not at 0. Behind a ReLU that is 0 for every sample of a batch no
gradient passes; now and then a sample wakes one. Or the log holds a share of dead units (`dead_units_share`,
`dead_neurons_frac` and the like) that has risen by a tenth and is above 30 %. Needs the norms of single layers, or such
a share; from the loss alone it can't be told.

## Why it matters
Dead units don't come back by themselves: what is in front of them is never trained again, and what is behind them sees
a constant.

## Look-alikes
Many zeros among activations are what a ReLU is for: a unit counts as dead when no sample of several batches wakes it.
Layers that are frozen on purpose have no gradient at all, and are seldom logged as 0. A net that has learned its
samples by heart under a hinge loss has gradients of 0 and a loss of 0. Some dead units from the start on are a matter
of initialization, and harmless.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": np.where(step < 30, 2.3 - 0.02 * step, 2.303) + 0.01 * noise}
curves["grad_norm/0.weight"] = np.where(step < 30, 1 + 0.1 * noise, 0)
curves["grad_norm/2.weight"] = np.where(step < 30, 1 - 0.1 * noise, 0.02)
also = ("OPT102", "OPT105")
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 0.2 + 2.1 * np.exp(-step / 30) + 0.01 * noise}
curves["grad_norm/0.weight"] = np.where(step % 7 == 3, 0, 1 + 0.1 * noise)
curves["grad_norm/2.weight"] = 1 - 0.1 * noise
curves["dead_units_share"] = 0.12 + 0.05 * step / 200
```

## References
Lu et al. 2019, arXiv:1903.06733 (dying ReLU). Maas et al. 2013, Rectifier nonlinearities improve neural network
acoustic models.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "preview"
NEEDS: Final = (LOSS,)
POINTS: Final = 10
VARIES: Final = ("shift",)

ROW: Final = 8
WHILE: Final = 0.25
"""Points, and share of all, over which the gradient must be 0: single zeros come of skipped steps."""
ASLEEP: Final = 0.8
"""Share of those points at which it is: small batches hold a sample now and then that wakes a unit."""
AWAKE: Final = 3
"""Points before at which it wasn't: a layer that never had a gradient is not connected, or frozen."""
LEFT: Final = 1e-4
"""Share of the start level below which a loss is as good as 0, and so may its gradient be."""
DEAD: Final = 0.3
RISEN: Final = 0.1
"""Share of dead units, and how far it has risen: some are dead from the start on in healthy nets."""
LEVEL: Final = 5
"""Points that make a level of that share, and all of which must be above `DEAD`."""


def check(view: View) -> list[Finding] | Abstain:
    """A layer whose gradient has gone to 0 for good, or a share of dead units that has grown."""
    layers, shares = view.layers, view.dead
    if not layers and not shares:
        return Abstain("neither norms of single layers nor a share of dead units")
    silent = [(s, first) for s in layers if s.n >= POINTS and not s.value[-ROW:].all() and (first := _since(s))]
    if silent and view.loss.n and view.loss.end > LEFT * abs(view.loss.start):
        return [_say(view, *silent[0], len(silent) / len(layers))]
    return [_grown(view, s) for s in shares if _risen(s)][:1]


def _since(norm: Series) -> float | None:
    """The step from which on a norm is nearly always 0; None without one, or while it is too short a time."""
    zero = norm.value == 0
    asleep = np.flatnonzero(np.cumsum(zero[::-1]) >= ASLEEP * np.arange(1, norm.n + 1))
    if not len(asleep):
        return None
    begin = norm.n - 1 - int(asleep[-1])
    begin += int(np.argmax(zero[begin:]))
    if norm.n - begin < max(ROW, WHILE * norm.n) or np.count_nonzero(norm.value[:begin]) < AWAKE:
        return None
    return float(norm.step[begin])


def _say(view: View, norm: Series, first: float, share: float) -> Finding:
    return view.finding(
        __name__, SEVERITY, norm.name, first, 0.9,
        f"{norm.name} is 0 at nearly every step since {first:g}: the units behind that layer are dead",
        layers=(share, "of the layers"), lr_ratio=(view.lr_change(first, max(1.0, view.at / 10)), "1"),
    )  # fmt: skip


def _risen(share: Series) -> bool:
    if share.n < POINTS or share.value[-1] < DEAD or share.value.max() > 1:
        return False
    begin = median(share.value[:LEVEL])
    return float(share.value[-LEVEL:].min()) >= max(DEAD, begin + RISEN)


def _grown(view: View, share: Series) -> Finding:
    first = float(share.step[int(np.argmax(share.value >= DEAD))])
    return view.finding(
        __name__, SEVERITY, share.name, first, 0.8,
        f"{share.name} has grown from {median(share.value[:LEVEL]):.0%} to {share.end:.0%}: these units are dead",
        dead=(share.end, "1"), lr_ratio=(view.lr_change(first, max(1.0, view.at / 10)), "1"),
    )  # fmt: skip
