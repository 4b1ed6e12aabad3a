"""The gradient dies away on its way to the first layers.

## What is seen
The norm of the gradient of the first layers' weights is a thousandth of that of the last layers' and less, in the
median, and layer by layer it gets smaller towards the input. Needs the norms of single layers in the log; from the norm
of the whole gradient it can't be told, since the last layers make that up; but layers that all have less than a
millionth of it get nothing.

## Why it matters
The first layers don't learn: the last ones get random features, whatever the rate and however long the run.

## Look-alikes
Embeddings, biases and normalization layers have gradients of another size and are left out. Layers that are frozen on
purpose are seldom logged; an exact 0 isn't judged. With Adam the size of the gradient matters less, but a thousandth is
noise in half precision.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 2.303 + 0.01 * noise}
curves |= {f"grad_norm/{layer}.weight": 0.5 * 0.1 ** (5 - layer) * (1 + 0.1 * noise) for layer in range(6)}
also = ("OPT104",)
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 0.2 + 2.1 * np.exp(-step / 30) + 0.01 * noise}
curves |= {f"grad_norm/{layer}.weight": 0.5 * 0.6 ** (5 - layer) * (1 + 0.1 * noise) for layer in range(6)}
```

## References
Hochreiter 1998, doi:10.1142/S0218488598000094. Glorot and Bengio 2010, PMLR 9:249. Zhang et al. 2021,
arXiv:2103.01365 (AutoTrainer: ratio of first to last layer).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 5

RATIO: Final = 1e-3
"""First over last layers, as AutoTrainer has it; healthy nets lie between 0.1 and 10."""
END: Final = 3
"""A third of the layers, at least one, stands for the first and for the last ones."""
ORDER: Final = 0.7
"""Rank correlation of norm and depth: one layer out of the row, such as a narrow one, is no trend."""
MANY: Final = 4
"""Layers from which on the order is asked for."""
NOWHERE: Final = 1e-6
"""Largest norm of the layers that are logged, as a share of the whole gradient's, at which it is that of others."""
RECENT: Final = 50
"""Points of each layer that are looked at: it may well start that way and recover."""


def check(view: View) -> list[Finding] | Abstain:
    """Norms that shrink from the last layer to the first by a factor of a thousand."""
    layers = [s for s in view.layers if s.n >= POINTS]
    usual = [median(np.abs(s.value[-RECENT:])) for s in layers]
    if len(usual) < 2 or min(usual) <= 0:
        return Abstain("no gradient norms of single layers")
    depth, ends = [math.log10(norm) for norm in usual], max(1, len(usual) // END)
    fall = (sum(depth[-ends:]) - sum(depth[:ends])) / ends
    if (total := _whole(view)) > 0 and max(usual) < NOWHERE * total:  # neither layer is the one that learns
        fall = math.log10(total) - depth[0]
    elif fall < -math.log10(RATIO) or (len(usual) >= MANY and _order(depth) < ORDER):
        return []
    return [
        view.finding(
            __name__, SEVERITY, layers[0].name, float(layers[0].step[0]), 0.9,
            f"the gradient of the first layers is {10**-fall:.1g} of that of the last ones",
            ratio=(10**-fall, "1"), layers=(float(len(usual)), "1"),
            per_layer=(fall / (len(usual) - 1), "decades a layer"), first_norm=(usual[0], "1"),
        )
    ]  # fmt: skip


def _whole(view: View) -> float:
    """The usual norm of the whole gradient; 0 where it isn't logged."""
    norm = view.series("grad_norm")
    return median(np.abs(norm.value[-RECENT:])) if norm is not None else 0.0


def _order(values: list[float]) -> float:
    """Spearman's rank correlation of the values with their places."""
    ranks = np.argsort(np.argsort(values))
    return float(np.corrcoef(ranks, np.arange(len(values)))[0, 1])
