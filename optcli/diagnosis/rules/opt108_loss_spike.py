"""The loss leaps within a step or two.

## What is seen
A point stands more than 10 noise levels above the points just before it, by at least 15 % of what had been gained, and
several times above the highest bump of the last hundred points, so that noise with heavy tails stays silent. In a log
of at most 24 points training and validation leap together (of at most 48, training and the next validation), or the
training loss to four times its lowest for a while, twice that lowest where the rate or the gradient has leapt as well;
an accuracy that holds says that nothing was undone.

## Why it matters
One step undid the work of many. A spike that recovers costs some time; the next may not recover.

## Look-alikes
A schedule's restart to a rate it had before. The seam of a resumed run. A validation value logged into the training
curve. Batches of one sample leap by nature; here their own bumps are the measure.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
spike = 1.5 * np.exp(-np.maximum(step - 250, 0) / 4) * (step >= 250)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 60) + spike + 0.03 * noise}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
tails = np.random.default_rng(1).standard_t(3, size=400)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 60) + 0.03 * tails}
```

## References
Chowdhery et al. 2022, arXiv:2204.02311. Kumar et al. 2025, arXiv:2504.02507. Huber 1981, Robust Statistics.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series
from optcli.run.stats import deviation, median, noise, running_median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 6
VARIES: Final = ("shift",)

WINDOW: Final = 11
"""Points before the spike that tell the level it rose from."""
SIGMAS: Final = 10.0
"""Height in noise levels: twice what heavy-tailed batches reach."""
SHARE: Final = 0.15
"""Height as a share of what had been gained by then."""
BUMPS: Final = 8.0
"""Height over the highest bump of the last `MEMORY` points: noise with heavy tails makes bumps of its own."""
BUMPS_HIGH: Final = 4.0
SHARE_HIGH: Final = 0.5
"""For a leap of half of all that was gained, half of that will do."""
MEMORY: Final = 100
FEW: Final = 24
"""Points up to which noise can't be told and something else must bear witness."""
FEW_BOTH: Final = 48
CLEAR: Final = 6.0
"""The same where that is the next validation and the rise is of so many noise levels."""
BOTH: Final = 1.0
LEVEL: Final = 0.25
"""Rise of both over their best values, in shares of the larger of the gain and this share of the start level."""
TALL: Final = 3.0
"""Rise of the training loss alone, in such a log, over the lowest value before: batches of real logs reach 0.6."""
SEEN: Final = 1.0
RATE: Final = 3.0
GRADIENT: Final = 4.0
"""The same rise where the rate had gone up by so many times, or the gradient stands so far above all before."""
LONE: Final = 3
HUGE: Final = 100.0
"""Over the usual value before where more points than these stand as high, or nothing has been learned besides."""
HELD: Final = 0.02
"""Share of the best accuracy that is lost at least where a leap of both undoes anything."""
BEFORE: Final = 6
"""Points that must lie before it."""
STEP: Final = 4.0
"""Least step up from the point before, in noise levels, to be looked at."""
CANDIDATES: Final = 12
"""Largest upward steps that are looked at closely."""


def check(view: View) -> list[Finding] | Abstain:
    """Points far above the level just before them."""
    loss = view.loss
    if loss.n < POINTS:
        return Abstain("too few finite points")
    spikes = _leaps(view) or _together(view) or _tall(view)
    if not spikes:
        return []
    at, sigmas, share = min(spikes)
    step = float(loss.step[at])
    back = np.flatnonzero(loss.value[at + 1 :] <= median(loss.value[max(0, at - WINDOW) : at]) + 2 * loss.sigma)
    much = f"{share:.0%} of" if share < 10 else f"{share:.0f} times"
    found = view.finding(
        __name__, SEVERITY, loss.name, step, 0.95 if share > SHARE_HIGH else 0.85,
        f"{loss.name} leaps to {loss.value[at]:.4g} at step {step:g}, by {much} all that was gained",
        height=(sigmas, "sigma"), share=(share, "of the drop"), spikes=(len(spikes), "1"),
        recovered=(float(len(back) > 0), "1"), lr_ratio=(view.lr_change(step, max(1.0, view.at / 20)), "1"),
        val_share=((rise := _val_rise(view, at)) / _leap(loss, at), "of the leap"),
        val_rise=(math.nan if view.by_epoch else rise / loss.drop, "of the drop"),
    )  # fmt: skip
    return [replace(found, last=float(loss.step[at + 1 + back[0]])) if len(back) and len(spikes) == 1 else found]


def _leap(loss: Series, at: int) -> float:
    return max(float(loss.value[at]) - median(loss.value[max(0, at - WINDOW) : at]), loss.grain)


def _val_rise(view: View, at: int) -> float:
    """Rise of the next validations over the last one before; NaN where there are none.

    One bad batch is a value of its own, of weights that go on nearly as they were; what ruins the weights shows there.
    """
    loss, val = view.loss, view.val
    where = int(np.searchsorted(val.step, loss.step[at])) if val is not None else 0
    if val is None or not 0 < where < val.n:
        return math.nan
    return float(val.value[where : where + 2].max()) - float(val.value[where - 1])


def _leaps(view: View) -> list[tuple[int, float, float]]:
    """Place, height in noise levels and share of the gain of every spike among the largest steps up."""
    loss = view.loss
    if loss.n < 2 * BEFORE:
        return []
    rises = np.diff(loss.value)
    places = np.sort(np.argpartition(-rises, min(CANDIDATES, len(rises) - 1))[:CANDIDATES]) + 1
    spikes = []
    for at in places[(places >= BEFORE) & (rises[places - 1] > STEP * loss.sigma)].tolist():
        height = _height(loss, at)
        if height is not None and not _restart(view, float(loss.step[at])):
            spikes.append((at, *height))
    return spikes


def _height(loss: Series, at: int) -> tuple[float, float] | None:
    """How far the point stands above those before: in noise levels and as a share of the gain; None for no spike."""
    past = loss.value[max(0, at - WINDOW) : at]
    level = median(past)
    rise = float(loss.value[at]) - level
    share = rise / max(loss.start - float(past.min()), 0.1 * abs(loss.start), loss.grain)
    if share <= SHARE:
        return None
    memory = loss.value[max(0, at - MEMORY) : at]
    spread = max(deviation(past), noise(memory[-40:]), loss.grain, 1e-4 * abs(level))
    if rise <= SIGMAS * spread:
        return None
    bump = float((memory - running_median(memory, WINDOW)).max()) if len(memory) > WINDOW else spread
    bumps = rise / max(bump, loss.grain)
    return (rise / spread, share) if bumps > (BUMPS_HIGH if share > SHARE_HIGH else BUMPS) else None


def _together(view: View) -> list[tuple[int, float, float]]:
    """In a log of few points: training and validation leap at the same step, by more than was gained."""
    loss, val = view.loss, view.val
    if val is None or loss.n > FEW_BOTH or (loss.n > FEW and np.ptp(loss.value[2:]) < CLEAR * loss.sigma):
        return []
    for at in range(2, loss.n):
        step = float(loss.step[at])
        (rise, scale), where = _over_best(loss, at), int(np.searchsorted(val.step, step))
        if where >= val.n or where < 2 or (loss.n <= FEW and val.step[where] != step):
            continue
        if loss.n > FEW and rise < CLEAR * loss.sigma:
            continue
        rose, known = _over_best(val, where)
        leapt = rise > BOTH * scale and rose > BOTH * known
        if leapt and not _restart(view, step) and not _held(view, step):
            return [(at, SIGMAS, rise / scale)]
    return []


def _tall(view: View) -> list[tuple[int, float, float]]:
    """In a whole log of few points and hardly any validation: one several times the lowest before, for a while."""
    loss, val = view.loss, view.val
    if not view.ended or (val is not None and 2 * val.n > loss.n) or loss.n > FEW:
        return []
    if loss.late or float(loss.value.min()) <= 0:
        return []
    for at in range(BEFORE // 2, loss.n - 1):
        rise, scale = _over_best(loss, at)
        step, low = float(loss.step[at]), float(loss.value[at]) - rise
        high = np.count_nonzero(loss.value[BEFORE // 2 :] > low + rise / 3)
        lone = view.learned and high <= LONE
        times = SEEN if _witnessed(view, step) else TALL
        tall = rise > SHARE_HIGH * scale and rise > (times * low if lone else HUGE * median(loss.value[:at]))
        if (
            tall
            and loss.value[at + 1 :].min() < low + 0.1 * rise
            and not _restart(view, step)
            and not _held(view, step)
        ):
            return [(at, SIGMAS, rise / scale)]
    return []


def _witnessed(view: View, step: float) -> bool:
    """Whether the rate had leapt up just before, or the gradient leaps at that step."""
    grad = view.series("grad_norm")
    if view.lr_change(step, max(1.0, view.at / 20)) > RATE:
        return True
    before = grad.value[grad.step < step] if grad is not None else np.empty(0)
    return grad is not None and len(before) >= LONE and grad.at(step) > GRADIENT * float(before.max())


def _held(view: View, step: float) -> bool:
    """Whether as much is right as was before: a loss at its floor leaps by a few samples' worth."""
    score = view.series("val/accuracy") or view.series("train/accuracy")
    if score is None or score.step[0] >= step:
        return False
    before = float(score.value[score.step < step].max())
    return before - score.at(step) < HELD * before


def _over_best(series: Series, at: int) -> tuple[float, float]:
    """Rise over the lowest value before, and the larger of what was gained and a quarter of the start level."""
    low = float(series.value[:at].min())
    return float(series.value[at]) - low, max(series.start - low, LEVEL * abs(series.start), series.grain)


def _restart(view: View, step: float) -> bool:
    """A schedule that goes back up to a rate it had before, or a seam: a rise is part of the plan."""
    lr = view.series("lr")
    if any(abs(step - seam) <= max(1.0, view.at / 50) for seam in view.seams):
        return True
    if lr is None or lr.n < 3:
        return False
    near = max(1.0, view.at / 20)
    ratio = view.lr_change(step, near)
    before = lr.value[lr.step < step - near]
    return ratio > 1.5 and len(before) > 0 and lr.at(step) <= 1.01 * float(before.max())
