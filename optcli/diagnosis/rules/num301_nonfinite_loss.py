"""The loss is not a number.

## What is seen
The first NaN in the training loss, at once. A lone infinity only when it comes again, a validation loss only when it
is twice in a row not finite: single ones that recover are common in healthy runs. The figures `loss_rise` and
`grad_rise` tell whether it was announced: the highest of the last three values over the usual one.

## Why it matters
With the next step every parameter is NaN and stays so. Most frameworks train on and end with success.

## Look-alikes
CTC and some detection losses are legally infinite for single batches. A log that filters NaN hides it (NUM304).
Of two networks against each other (a GAN) both losses are looked at: NaN in one is soon in the other.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": np.where(step < 120, 0.3 + 2.0 * np.exp(-step / 30) + 0.02 * noise, np.nan)}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 50) + 0.02 * noise}
curves["train/loss"][77] = np.inf
```

## References
Goldberg 1991, doi:10.1145/103162.103163. Micikevicius et al. 2018, arXiv:1710.03740.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.ladder import OPPONENTS
from optcli.diagnosis.strength import beyond
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import median

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 1

RUN_OF_VAL: Final = 2
"""Validation losses in a row, unless it is the very last: a single one that recovers is common in healthy runs."""


def check(view: View) -> list[Finding] | Abstain:
    """NaN in the headline at once; a lone infinity, and validation, only when it comes again."""
    found = [*(_training(view, role) for role in (LOSS, *OPPONENTS)), _validation(view)]
    return [f for f in found if f is not None]


def _training(view: View, role: str) -> Finding | None:
    curve = view.curve(role)
    if curve is None:
        return None
    bad = np.flatnonzero(~np.isfinite(curve.value))
    if not len(bad):
        return None
    if len(bad) == 1 and np.isinf(curve.value[bad[0]]) and not (view.ended and bad[0] == len(curve) - 1):
        return None  # a lone infinity
    step, kind = float(curve.step[bad[0]]), "NaN" if np.isnan(curve.value[bad[0]]) else "infinite"
    lr = view.lr_change(step, max(1.0, view.at / 20))
    return view.finding(
        __name__, SEVERITY, curve.name, step, 0.99, f"{curve.name} is {kind} at step {step:g}",
        points=(len(bad), "points"), share=(len(bad) / len(curve), "1"),
        finite_before=(float(bad[0]), "points"), **_before(view, role, step), lr_ratio=(lr, "1"),
        rate=(beyond(view, step), "decades"),
    )  # fmt: skip


def _before(view: View, loss: str, step: float) -> dict[str, tuple[float, str]]:
    """What led up to it: the rise of loss and gradient just before."""
    figures: dict[str, tuple[float, str]] = {}
    for key, role in (("loss_rise", loss), ("grad_rise", "grad_norm")):
        series = view.series(role)
        if series is None:
            continue
        past = series.value[series.step < step]
        if len(past) >= 2:
            usual = median(past[: max(1, len(past) * 3 // 4)])
            figures[key] = (float(past[-3:].max()) / usual if usual > 0 else float("nan"), "1")
    return figures


def _validation(view: View) -> Finding | None:
    curve = view.curve("val/loss")
    head = view.curve(LOSS)
    if curve is None or head is None or head.name == curve.name or len(curve) < (1 if view.ended else RUN_OF_VAL):
        return None
    bad = ~np.isfinite(curve.value)
    last = view.ended and bool(np.isnan(curve.value[-1]))  # nothing comes after it that could recover
    if not (last or bad[-RUN_OF_VAL:].all()) or not np.isfinite(head.value).all():
        return None
    good = np.flatnonzero(~bad)
    first = float(curve.step[good[-1] + 1 if len(good) else 0])
    return view.finding(
        __name__, SEVERITY, curve.name, first, 0.9, f"{curve.name} is not finite from step {first:g} on",
        points=(float(bad.sum()), "points"),
    )  # fmt: skip
