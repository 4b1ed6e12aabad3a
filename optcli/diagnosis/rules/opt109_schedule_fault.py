"""The learning rate came to nothing before the end.

## What is seen
The rate in the log is below a five-thousandth of its peak, and has been for more than 15 % of the run so far (before
90 % of the plan, where one is known); or below a two-hundredth for more than half of the run. Where no rate is logged,
weights that have moved and then don't any more show it: the validation loss is the same to the last digit for two
fifths of the run and five times at least, while the training loss scatters round a level that it had fallen to.

## Why it matters
Nothing is learned from there on. The schedule counts other units than the run: epochs for steps, or the steps of one
device for those of all.

## Look-alikes
A cosine ends at 0, but spends one hundredth of the run down there. Step schedules with three drops by ten end at a
thousandth. A rate that is 0 from the first step on has no peak, and nothing ever falls; see OPT104. A net that knows
its samples by heart has a training loss of 0, and nothing left to move it. A rate that follows a loss of which a
hundredth is left ends with it, and one that is cut whenever validation stands still (four equal drops at unequal
intervals) only tells that it does.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 1.1 + 1.2 * np.exp(-step / 15) + 0.02 * noise,
    "lr": 1e-3 * np.where(step < 80, 1 - step / 80, 0.0) + 1e-9,
}
also = ("OPT105",)
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.2 + 2.1 * np.exp(-step / 60) + 0.02 * noise,
    "lr": 5e-4 * (1 + np.cos(np.pi * step / 400)),
}
```

## References
Loshchilov and Hutter 2017, arXiv:1608.03983. PyTorch documentation, How to adjust learning rate.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.stillness import SAME, still
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series
from optcli.run.stats import median, quantile

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 5

RATES: Final = 8
"""Rates that are needed to judge by them."""

LOW: Final = 5e-3
LOW_FOR: Final = 0.5
USUAL: Final = 0.95
"""Share of its peak, and of the run so far, below and for which a rate that isn't spent does next to nothing: cosine is
as low for 4 % of its run, three steps of a tenth for the last stage. The peak is a quantile: a rate that leaps up for
some steps makes none."""
BEFORE: Final = 6
DONE: Final = 0.01
"""Points of the later half of the time before, and the share of the start level that may be left over it."""
DROPS: Final = 4
EQUAL: Final = 0.01
UNEQUAL: Final = 1.5
"""Drops of a rate that waits for the loss, the scatter of their factors, and how much longer one wait is than another:
a staircase of epochs has equal ones."""
PERFECT: Final = 0.99
"""Share of what there is to gain over a guess that an accuracy has: with no more to learn, weights may stand still."""
TAIL: Final = 0.15
"""Share of the run so far that was trained at that rate: cosine spends 1 % there."""


def check(view: View) -> list[Finding] | Abstain:
    """A learning rate that has come to nothing long before the end."""
    lr, loss = view.series("lr"), view.loss
    if lr is None:
        return _still(view)
    if lr.n < RATES:
        return Abstain("too few learning rates in the log")
    first, peak = view.spent if view.spent is not None else _low(lr), float(lr.value.max())
    if first is None:
        return []
    whole = float(view.planned) if view.planned else view.at
    spent = (view.at - first) / max(view.at - float(lr.step[0]), 1.0)
    if spent < TAIL or (view.planned and first > 0.9 * whole) or _done(loss, first) or _follows(lr):
        return []
    return [
        view.finding(
            __name__, SEVERITY, "lr", first, 0.95,
            f"the rate is spent since step {first:g}: {lr.value[-1]:.3g}, {lr.value[-1] / peak:.0e} of its peak",
            spent=(spent, "of the run so far"), left=(float(lr.value[-1]) / peak, "of the peak"),
            level=(loss.end / loss.start if loss.n and loss.start > 0 else float("nan"), "of the start level"),
        )
    ]  # fmt: skip


def _done(loss: Series, until: float) -> bool:
    """Whether next to nothing was left of the loss long before that step: a rate that follows the loss ends there."""
    before = loss.value[loss.step < until]
    half = before[len(before) // 2 :]
    return len(half) >= BEFORE and loss.low >= 0 and median(half) < DONE * loss.start


def _follows(lr: Series) -> bool:
    """Whether the rate went down by the same factor at unequal intervals: whenever validation stood still."""
    peak = int(lr.value.argmax())
    value, step = lr.value[peak:], lr.step[peak:]
    if len(value) < DROPS or value.min() <= 0:
        return False
    ratio = value[1:] / value[:-1]
    drops = np.flatnonzero(ratio < 1 - EQUAL)
    if len(drops) < DROPS or ratio.max() > 1 + EQUAL or np.ptp(ratio[drops]) > EQUAL:
        return False
    waits = np.diff(np.concatenate([step[:1], step[drops + 1]]))
    return float(waits.max()) > UNEQUAL * float(waits.min())


def _still(view: View) -> list[Finding] | Abstain:
    """Without a rate in the log: weights that have moved, and don't any more."""
    val, found = view.val, still(view)
    if val is None or val.n < SAME:
        return Abstain("too few learning rates in the log, and validations")
    if found is None or view.right > PERFECT:
        return []  # nothing is left to learn
    first, fell = found
    same = float(np.count_nonzero(val.step >= first))
    return [
        view.finding(
            __name__, SEVERITY, val.name, first, 0.9,
            f"{val.name} is {val.value[-1]:.4g} to the last digit since step {first:g}: the weights no longer move",
            same=(same, "validations"), fell=(fell, "of the start level"),
        )
    ]  # fmt: skip


def _low(lr: Series) -> float | None:
    """The step from which on a rate has been so low, for over half of the run, that no schedule means it."""
    usual = quantile(lr.value, USUAL)
    high = np.flatnonzero(lr.value > LOW * usual)
    if usual <= 0 or not len(high) or high[-1] + 1 >= lr.n:
        return None
    first = float(lr.step[high[-1] + 1])
    return first if float(lr.step[-1]) - first > LOW_FOR * float(lr.step[-1] - lr.step[0]) else None
