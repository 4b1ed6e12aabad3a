"""The training set itself is not learned.

## What is seen
At the end more than 60 % of the start level of the training loss is left, although its fall was over early in the run,
and validation lies beside it; or almost nothing (12 %) is gone at all. Where the plan is known it is said when 60 % of
it is done and the trend, carried on to its end, leaves as much. Needs a validation loss, and a start level that
means something: that of an untrained model. Where neither an accuracy nor the recipe tells how low the loss could get,
as in most regressions and in fine-tuning, only the latter counts, and as `info`. Under a dropout of 0.8 and more, a
weight decay of 0.05 in the gradient (1 beside it), or with layers of 4 units and fewer, 40 % are enough, whatever the
floor, and as soon as the loss stands still; or, under such a dropout or decay, 80 % of a validation loss since early.

## Why it matters
No amount of data or stopping early helps a model that can't even fit its training set: capacity, regularization or
the optimization must change.

## Look-alikes
A task that is hard, noisy targets and text have a high floor; a curve that bends slowly into it is silent here.
Fine-tuning starts good and has little to gain. A run that was cut off still falls (OPT106), one with a rate too low
falls straight (OPT103).

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 1.6 + 0.7 * np.exp(-step / 30) + 0.002 * np.cumsum(noise) + 0.02 * noise,
    "val/loss": (epoch, 1.62 + 0.7 * np.exp(-epoch / 30)),
}
config = {"facts.task": "classification", "facts.outputs": 10}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 90) + 0.02 * noise,
    "val/loss": (epoch, 0.35 + 2.0 * np.exp(-epoch / 90)),
}
```

## References
Goodfellow, Bengio and Courville, Deep Learning, section 11.3.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.settings import setting
from optcli.diagnosis.strength import held_back, mixed, narrow
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS, "val/loss")
POINTS: Final = 12
VARIES: Final = ("scale", "shift")

DONE: Final = 0.6
"""Share of the plan after which the rest won't bring what the first part, whose rate was as high, didn't."""
LEFT: Final = 0.6
"""Share of the start level (the chance level, for an untrained net) that is still there at the end. Hard tasks that are
learned well keep up to six tenths of it; planted underfitting keeps seven and more."""
NOTHING: Final = 0.88
"""The same where hardly anything was learned, however the curve bends."""
BENT: Final = 0.3
"""Share of the run by which nine tenths of the fall must be done, else the curve bends slowly into a floor."""
LEFT_HELD: Final = 0.4
MOST_HELD: Final = 4.0
VALIDATIONS: Final = 8
SOON: Final = 0.15
KEPT: Final = 0.8
"""Share of the start level that is left where the settings hold the model back far beyond the usual. A decay that
pulls all weights to 0 may end above a first batch that was an easy one. Or else, since such a dropout raises the first
losses, validations, share of the run by which the first must have come, and what is left of it."""
FLAT: Final = -0.05
"""Change over the last 40 % as a share of the drop, at which a run of unknown length is judged before its end there."""
NOISE: Final = 0.5
"""Noise of a point as a share of the drop beyond which the bend can't be told."""
LEFT_TEXT: Final = 0.75
MANY: Final = 2.9
"""The same for language, whose loss can't fall below the entropy of text; and from so many nats on, 18 outcomes, where
nothing says that it isn't a sequence."""
RIGHT: Final = 0.8
"""Gain of accuracy over a guess, of what there is to gain, at which targets are soft and the loss is their floor."""
TAIL: Final = 0.4
SLOWING: Final = -0.25
"""Change over the last 40 % as a share of the drop: a steeper one is a run that was cut off."""
SURE_FALL: Final = -0.08
"""The same where the fall is certain by `FALLING` standard errors."""
FALLING: Final = -3.0
APART: Final = 0.1
"""Validation above training loss, as a share of the start level: beyond, the net does learn its training set."""


def check(view: View) -> list[Finding] | Abstain:
    """Late in the run the training loss itself is high and hardly falls any more."""
    loss, val = view.loss, view.val
    held, small = (held_back(view.config), narrow(view.config)) if view.config else ("", "")
    if view.brief or not (view.share >= DONE or ((held or small) and _flat(loss))):
        return Abstain("too early, no plan to measure by, or a plan of so few steps that no net learns in them")
    if loss.n < POINTS:
        return Abstain("too few finite points")
    if mixed(view.config):
        return Abstain("of blended samples the training loss has a floor of its own")
    if loss.late:
        return Abstain("the log begins in the middle of a run")
    if loss.start <= 0:
        return Abstain("a loss at or below 0 has no floor to measure by")
    left = loss.end / view.top
    if val is not None and (held or small):
        return _held(view, val, left, held, small)
    unsaid = setting(view.config, "facts.task") is None
    least = LEFT_TEXT if view.texty or (unsaid and view.top > MANY) else LEFT
    if not least <= left <= 1.2 or val is None or view.right > RIGHT:
        return []
    change, z = loss.trend(TAIL)
    to_come = min(change, 0.0) / TAIL * (1 / view.share - 1)
    slowed = (SURE_FALL if z < FALLING else SLOWING) * loss.drop < change < 0.5 * loss.drop
    if not slowed or left + to_come / view.top < least:
        return []
    gap = (val.end - loss.end) / view.top
    sure = not view.floored
    bent = view.settled <= BENT and loss.sigma < NOISE * loss.drop and sure
    if gap > APART or not (bent or left > NOTHING):
        return []
    return [
        view.finding(
            __name__, SEVERITY if sure else "info", loss.name, float(loss.step[0]), 0.92 if sure else 0.5,
            f"{loss.name} stays at {loss.end:.4g}, {left:.0%} of an untrained model's: the training set is not learned",
            left=(left, "of the start level"), change=(change / loss.drop, "of the drop"), trend=(z, "sigma"),
            gap=(gap, "of the start level"),
        )
    ]  # fmt: skip


def _flat(loss: Series) -> bool:
    """Whether enough points hardly fall any more."""
    return loss.n >= 2 * POINTS and loss.trend(TAIL)[0] > FLAT * loss.drop


def _unmoved(view: View, val: Series) -> bool:
    """Whether validation, which no dropout raises, has hardly come down since early in the run."""
    seen = view.complete and val.n >= VALIDATIONS and val.step[0] <= SOON * view.at
    return seen and 0 < KEPT * float(val.value[0]) < val.end and val.trend(TAIL)[0] > SLOWING * val.drop


def _held(view: View, val: Series, left: float, held: str, small: str) -> list[Finding]:
    """Much is left of the training loss, and the settings say why."""
    loss = view.loss
    change, z = loss.trend(TAIL)
    gap = (val.end - loss.end) / view.top
    goes_on = change < SLOWING * loss.drop and left < NOTHING
    much = LEFT_HELD <= left <= MOST_HELD and not goes_on and gap <= APART
    if not much and not (held and _unmoved(view, val)):
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(loss.step[0]), 0.9,
            f"{loss.name} stays at {loss.end:.4g}, {left:.0%} of an untrained model's, with {held or small}",
            left=(left, "of the start level"), change=(change / loss.drop, "of the drop"), trend=(z, "sigma"),
            gap=(gap, "of the start level"), held=(float(bool(held)), "1"), narrow=(float(bool(small)), "1"),
        )
    ]  # fmt: skip
