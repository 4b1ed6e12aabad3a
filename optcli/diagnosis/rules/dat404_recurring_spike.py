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
    starts = np.searchsorted(loss.step, marks)
    pieces = [loss.value[a:b] for a, b in pairwise(starts.tolist())][-EPOCHS:]
    if min(map(len, pieces)) < PLACES:
        return Abstain("too few points in an epoch")
    places = [_standing_out(piece, SHARE * loss.drop) for piece in pieces]
    if places[0] is None or any(place != places[0] for place in places):
        return []
    first = float(loss.step[starts[-1 - EPOCHS] + places[0]])
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.9,
            f"{loss.name} leaps at the same place of every epoch (its point {places[0] + 1}): look at that batch",
            place=(float(places[0] + 1), "points"), epochs=(float(EPOCHS), "epochs"),
        )
    ]  # fmt: skip


def _standing_out(piece: Floats, least: float) -> int | None:
    """The place of the one point far above the others of its epoch, or None."""
    place = int(piece.argmax())
    rest = np.delete(piece, place)
    height = float(piece[place]) - median(rest)
    second = float(rest.max()) - median(rest)
    return place if height > max(SIGMAS * deviation(rest), least, 3 * second) else None
