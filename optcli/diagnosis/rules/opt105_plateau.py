"""The loss fell, then lies flat far above its floor.

## What is seen
The fall was over within the first part of the run, and since then the level neither falls nor could a fall hide in the
noise, while more than 60 % of the start level is left. Where the rate is next to nothing since then (OPT109), or fell
to a fiftieth of its peak while the loss was still on its way down, less will do: 30 % left, and flat for as long as
everything before. At a rate twenty times what is usual 40 % are enough, and so is a level, whatever it is, at which
more than half of what had been gained is lost again. Else, where neither an accuracy nor the recipe tells how low the
loss could get, it is `info`. A validation loss that all of a sudden stands still to a few ten-thousandths of what was
gained, far from 0, says by itself that the parameters have stopped.

## Why it matters
Either the run has stopped learning although there was more to learn, or this is all the model can do: both are worth
knowing before the next run of the same length.

## Look-alikes
A converged run lies lower: that is a wasted tail (OPT107). A curve that bent slowly into its floor is converged,
however high the floor is: noise in the targets, label smoothing and the entropy of text all leave one. A step schedule
flattens the curve after each drop, as planned.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": np.where(step < 40, 2.3 - 0.021 * step, 1.46) + 0.02 * noise}
config = {"facts": {"task": "classification", "outputs": 10}}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.15 + 2.1 * np.exp(-step / 90) + 0.02 * noise}
```

## References
Keras documentation, ReduceLROnPlateau. Prechelt 1998, doi:10.1007/3-540-49430-8_3.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding, Severity
from optcli.diagnosis.stillness import still
from optcli.diagnosis.strength import WILD, beyond, mixed, rate_off
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series
from optcli.run.stats import median, slope

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 5
VARIES: Final = ("scale", "shift")

LEAST: Final = 10
"""Points of the loss, unless validation alone can tell."""
STOPPED: Final = 10
"""Validations that are needed for that."""
SMOOTH: Final = 3e-4
"""Unevenness of the validation loss, as a share of the drop: a net in training is shaken by 1e-3 and more."""
SHAKEN: Final = 8.0
"""Noise of the training loss over that unevenness: batches differ, and yet they don't move the parameters."""
FELL: Final = 0.05
"""Fall from one validation to the next, as a share of the drop, up to which the net was learning."""
STEEP: Final = 12.0
"""That fall over any later one: a curve that bends by itself falls half as much, then a third."""
LEFT: Final = 0.25
"""Share of the start level that is left: a net that has learned all it can stands as still."""
FLAT_SHARE: Final = 0.4
"""Part of the run so far over which the flatness is tested."""
FALLING: Final = -3.0
STILL: Final = 0.005
"""A fall over that part that is certain by `FALLING` standard errors and at least this share of the drop goes on."""
FLAT: Final = 0.05
"""A larger one need not be certain."""
SURE: Final = 1.5
HIDDEN: Final = 0.08
"""In a run that goes on, no fall of this share of the drop may hide within so many standard errors."""
RISE: Final = 0.15
"""A rise beyond is no plateau."""
DONE: Final = 0.6
"""Share of the plan before which a flat stretch may still be a slow start."""
BENT: Final = 0.15
"""Share of the run by which nine tenths of the fall must be done: a curve that bends later into its floor converges."""
LEVEL: Final = 0.6
"""Share of the start level that is left: hard tasks that are learned well keep up to six tenths of it."""
RIGHT: Final = 0.6
"""Gain of accuracy over a guess, of what there is to gain, at which a high loss is the floor of soft targets."""
LEVEL_TEXT: Final = 0.7
"""The same for language, whose loss can't fall below the entropy of text."""
LEVEL_WILD: Final = 0.4
BENT_WILD: Final = 0.4
"""The share that is left and the bend which are enough where the rate is far beyond the usual: steps that are too long
hold a loss up at any level, but that of text, whose floor is high, at `LEVEL_TEXT`."""
LOST: Final = 0.5
"""Share of what had been gained that is lost again: then there was more to learn, whatever the task is."""
LEVEL_SPENT: Final = 0.3
"""The same where the rate was taken away: the curve was cut off whatever its floor is."""
STEPPED: Final = 0.35
"""Share of its peak to which a rate has stepped down before the flat stretch: steps are by three and more."""
SPENT_FOR: Final = 0.5
"""Share of the run so far over which the rate must have been spent: as long as everything before."""
LOW: Final = 0.02
"""Share of its peak at which a rate counts as taken away, where the loss was falling until then."""
BEFORE: Final = 8
"""Points before that which are needed to tell the pace."""
PACE: Final = 1.0
"""Fall that the same pace would have brought since, as a share of the whole drop: it was far from its floor."""
PACE_SURE: Final = -4.0
"""Standard errors of that pace."""


def check(view: View) -> list[Finding] | Abstain:
    """A fall, then a level stretch well above 0."""
    loss, val = view.loss, view.val
    if not loss.n or loss.start <= 0:
        return Abstain("a loss at or below 0 has no floor to measure by")
    if val is not None and val.n >= STOPPED and _stopped(loss, val):
        return [_say(view, float(val.step[val.n // 2]), 0.85, SEVERITY)]
    if loss.n < LEAST:
        return Abstain("too few finite points")
    cut = _cut(view)
    if not cut and not view.complete and not view.share >= DONE:
        return Abstain("too early, or no plan to measure by")
    if not cut and (view.right > RIGHT or mixed(view.config)):
        return []
    level = median(loss.tail(FLAT_SHARE))
    if level - loss.low > LOST * loss.drop and view.learned and _flat(view):
        return [_lost(view, level)]
    wild = beyond(view) > WILD
    text = view.texty if wild else view.entropic
    least = LEVEL_SPENT if cut else LEVEL_TEXT if text else LEVEL_WILD if wild else LEVEL
    bent = cut or view.settled <= (BENT_WILD if wild else BENT)
    if level < least * view.top or loss.start - loss.low < 0.05 * loss.start or not bent:
        return []
    since = float(loss.block_step[-len(loss.tail(FLAT_SHARE))])
    flat = _flat(view) or (cut and loss.trend(FLAT_SHARE)[1] > FALLING)
    if not flat or (not cut and not _wild_still(view) and _annealed(view, since)):
        return []
    first = _since(loss, level)
    sure = cut or wild or not view.floored
    return [_say(view, first, 0.95 if cut else 0.88 if sure else 0.5, SEVERITY if sure else "info")]


def passes(finding: Finding) -> bool:
    """Once it is over nothing need be done about it."""
    return True


def _wild_still(view: View) -> bool:
    """Whether the rate is far beyond the usual to the end, however much of it is gone."""
    lr = view.series("lr")
    return lr is not None and rate_off(view.config, lr.end) > WILD


def _since(loss: Series, level: float) -> float:
    """The step from which on the loss has been at that level."""
    outside = np.flatnonzero(np.abs(loss.blocks - level) > 0.05 * loss.drop + 3 * loss.tau)
    return float(loss.block_step[min(outside[-1] + 1, len(loss.blocks) - 1)]) if len(outside) else float(loss.step[0])


def _lost(view: View, level: float) -> Finding:
    """Flat at a level far above one that the run had reached."""
    loss = view.loss
    first = _since(loss, level)
    return view.finding(
        __name__, SEVERITY, loss.name, first, 0.88,
        f"{loss.name} has been flat at {level:.4g} since step {first:g}, after it had come down to {loss.low:.4g}",
        level=(level / view.top, "of the start level"), lost=((level - loss.low) / loss.drop, "of the drop"),
        change=(loss.trend(FLAT_SHARE)[0] / loss.drop, "of the drop"),
    )  # fmt: skip


def _say(view: View, first: float, sure: float, severity: Severity) -> Finding:
    loss, lr = view.loss, view.series("lr")
    left = lr.end / lr.value.max() if lr is not None and lr.value.max() > 0 else float("nan")
    level = median(loss.tail(FLAT_SHARE))
    return view.finding(
        __name__, severity, loss.name, first, sure,
        f"{loss.name} fell to {level:.4g} and has been flat since step {first:g}",
        level=(level / view.top, "of the start level"), lr_left=(left, "of the peak"),
        change=(loss.trend(FLAT_SHARE)[0] / loss.drop, "of the drop"),
    )  # fmt: skip


def _stopped(loss: Series, val: Series) -> bool:
    """Whether validation, after a steep fall, has gone on smoothly and next to nowhere for over half of the run."""
    drop, half = max(loss.drop, val.drop), val.n // 2
    rough = float(np.sqrt(np.square(np.diff(val.value[half:], 2)).mean() / 6))
    if rough > min(SMOOTH * drop, loss.sigma / SHAKEN) or loss.end < LEFT * loss.start:
        return False
    falls = -np.diff(val.value)
    last = np.flatnonzero(falls > FELL * drop)
    return len(last) > 0 and last[-1] < half and float(falls[last[-1]]) > STEEP * float(falls[last[-1] + 1 :].max())


def _cut(view: View) -> bool:
    """Whether the rate was taken away before the run was half over; a small one is left where it broke off a fall."""
    began = float(view.loss.step[0])
    if view.spent is not None:
        return view.at - view.spent > SPENT_FOR * (view.at - began)
    lr = view.series("lr")
    if lr is None:
        since = still(view)
        return since is not None and view.at - since[0] > SPENT_FOR * (view.at - began)
    high = np.flatnonzero(lr.value > LOW * lr.value.max())
    if not len(high) or high[-1] + 1 >= lr.n:
        return False
    last = float(lr.step[high[-1] + 1])
    return view.at - last > SPENT_FOR * (view.at - began) and _was_falling(view.loss, last)


def _was_falling(loss: Series, until: float) -> bool:
    """Whether the loss fell so steeply up to a step that it had far to go."""
    before = loss.value[loss.step < until]
    if len(before) < BEFORE:
        return False
    rise, error = slope(before[len(before) // 2 :])
    return rise < PACE_SURE * error and -rise * (loss.n - len(before)) > PACE * loss.drop


def _flat(view: View) -> bool:
    """Whether the last part neither falls for sure, nor by much, nor could do so within the noise."""
    loss = view.loss
    change, z = loss.trend(FLAT_SHARE)
    if z < FALLING and change < -STILL * loss.drop:
        return False
    error = abs(change / z) if z else loss.drop
    if not view.complete and change - SURE * error < -HIDDEN * loss.drop:
        return False
    if loss.trend(0.2)[0] < -2 * FLAT * loss.drop:
        return False
    return -FLAT * loss.drop <= change <= RISE * loss.drop


def _annealed(view: View, since: float) -> bool:
    """Whether the rate was on its planned way down, or had stepped down: a loss that settles then is meant to."""
    lr = view.series("lr")
    if lr is None:
        return False
    stretch = lr.value[lr.step >= since]
    if len(stretch) < 3:
        return False
    if float(stretch[0]) < STEPPED * float(lr.value.max()):
        return True
    changes = np.count_nonzero(np.diff(stretch) < 0) / (len(stretch) - 1)
    begin, end = float(stretch[0]), float(stretch[-1])
    return bool(changes > 0.5 and begin > (3 if view.complete else 1) * end and begin > 0.01 * float(lr.value.max()))
