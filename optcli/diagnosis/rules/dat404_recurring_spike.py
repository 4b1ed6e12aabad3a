"""The loss leaps at the same place of every epoch.

## What is seen
In each of the last four epochs the same point of the epoch stands far above all others of that epoch.

## Why it matters
One batch, always the same, is unlike the rest: corrupted samples, labels out of range, a shorter last batch.

## Look-alikes
A shuffled set has no fixed places, so this can't be seen there: look at the sample numbers instead. Validation that is
logged into the same curve.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 90) + 0.02 * noise + 0.5 * (step % 40 == 17)}
epochs = step[::40]
also = ("DAT405",)
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 90) + 0.02 * noise}
epochs = step[::40]
```

## References
Northcutt et al. 2021, arXiv:2103.14749 (label errors in test sets).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.stats import deviation, median

SEVERITY: Final = "warning"
STATUS: Final = "preview"
NEEDS: Final = (LOSS,)
POINTS: Final = 32

EPOCHS: Final = 4
"""Epochs in a row in which it must come."""
PLACES: Final = 8
"""Points in an epoch below which a place means nothing."""
SIGMAS: Final = 8.0
"""Height over the epoch's own points."""
SHARE: Final = 0.05
"""Height as a share of the drop."""


def check(view: View) -> list[Finding] | Abstain:
    """The same place stands out in every epoch."""
    loss, marks = view.loss, view.epochs
    if len(marks) < EPOCHS + 1:
        return Abstain("no epochs to compare, or too few")
    starts = np.searchsorted(loss.step, marks[-1 - EPOCHS :])
    pieces = [loss.value[a:b] for a, b in pairwise(starts.tolist())]
    if min(map(len, pieces)) < PLACES:
        return Abstain("too few points in an epoch")
    place = int(pieces[0].argmax())
    if any(int(piece.argmax()) != place or not _stands_out(piece, place, SHARE * loss.drop) for piece in pieces):
        return []
    first = float(loss.step[starts[0] + place])
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.9,
            f"{loss.name} leaps at the same place of every epoch (its point {place + 1}): look at that batch",
            place=(float(place + 1), "points"), epochs=(float(EPOCHS), "epochs"),
        )
    ]  # fmt: skip


def _stands_out(piece: Floats, place: int, least: float) -> bool:
    """Whether the point at `place` is the one far above the others of its epoch."""
    rest = np.delete(piece, place)
    height = float(piece[place]) - median(rest)
    second = float(rest.max()) - median(rest)
    return height > max(SIGMAS * deviation(rest), least, 3 * second)
