"""The loss repeats the same pattern in every epoch.

## What is seen
The place within the epoch explains more than a fifth of the variance within epochs, six standard deviations beyond
chance, by a pattern higher than a tenth of everything gained. Needs a log with several points an epoch, and the epochs.

## Why it matters
Batches are not random draws: the model learns what comes now and forgets it while it sees the rest.

## Look-alikes
Adam's own small sawtooth, and the stairs of large language models at the seams of epochs, are taken out by level and
slope. A shorter last batch makes one noisier point.

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

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 24

CYCLES: Final = 3
"""Epochs that must be there."""
RECENT: Final = 16
"""The most epochs that are looked at: the last ones."""
LEAST: Final = 4
"""Points in an epoch below which no pattern within it can be seen."""
EXPLAINED: Final = 0.2
"""Share of the variance within epochs that the place in the epoch explains."""
SURE: Final = 6.0
"""Standard deviations above chance, of the F statistic for that (1 in 10^9 for normal noise)."""
SWING: Final = 0.1
"""Height of the pattern as a share of the whole drop: a smaller one is harmless, as Adam's own sawtooth is."""


def check(view: View) -> list[Finding] | Abstain:
    """The same pattern of the loss in every epoch."""
    loss, marks = view.loss, view.epochs
    if loss.n < POINTS or len(marks) < CYCLES + 1:
        return Abstain("no epochs to compare, or too few")
    table = _epochs(loss, marks)
    if table is None:
        return Abstain("too few points in an epoch")
    bent = _pattern(table)
    swing = float(np.ptp(bent))
    explained, sure = _explained(table, bent) if swing >= SWING * loss.drop else (0.0, 0.0)
    if explained < EXPLAINED or sure < SURE:
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(marks[0]), 0.95,
            f"{loss.name} repeats a pattern in every epoch, which explains {explained:.0%} of its variance",
            explained=(explained, "1"), sure=(sure, "sigma"), swing=(swing / loss.drop, "of the drop"),
            period=(median(np.diff(marks)), "steps"),
        )
    ]  # fmt: skip


def _epochs(loss: Series, marks: Floats) -> Floats | None:
    """Values by epoch and place, shape (epochs, places), of the last complete epochs; None without enough."""
    starts = np.searchsorted(loss.step, marks)
    lengths = np.diff(starts)
    if len(lengths) < CYCLES:
        return None
    size = int(median(lengths.astype(np.float64)))
    if size < LEAST:
        return None
    whole = starts[:-1][lengths >= size][-RECENT:]
    if len(whole) < CYCLES:
        return None
    table: Floats = loss.value[whole[:, None] + np.arange(size)]
    return table


def _pattern(table: Floats) -> Floats:
    """The mean epoch, its level and slope taken out. Shape (places,)."""
    at = np.arange(table.shape[1]) - (table.shape[1] - 1) / 2
    pattern: Floats = table.mean(axis=0)
    bent: Floats = pattern - pattern.mean() - at * float(pattern @ at) / float(at @ at)
    return bent


def _explained(table: Floats, bent: Floats) -> tuple[float, float]:
    """Share of the variance within epochs that the pattern explains, and how sure that is.

    An analysis of variance by place; its F statistic as a normal deviate by Wilson and Hilferty's cube root.
    """
    rows, size = table.shape
    flat = table - table.mean(axis=1, keepdims=True)
    pattern = flat.mean(axis=0)
    total, found = float((flat**2).sum()), rows * float(bent @ bent)
    if total <= 0 or found <= 0:
        return 0.0, 0.0
    many, few = (rows - 1) * (size - 1), size - 2
    rest = max(total - rows * float(pattern @ pattern), 1e-9 * total)
    root = (found / few / (rest / many)) ** (1 / 3)
    a, b = 2 / (9 * few), 2 / (9 * many)
    return found / total, ((1 - b) * root - (1 - a)) / (b * root * root + a) ** 0.5
