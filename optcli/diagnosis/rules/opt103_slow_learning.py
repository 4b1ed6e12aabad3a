"""The loss falls steadily and far too slowly.

## What is seen
A fall that is beyond doubt, nearly straight from the start, and has taken away only a small part of the start level
when the run ends (or, with a known plan, when 30 % of it is done and the rest can't make up for it). Validation, where
there is one, falls as the training loss does; where batches scatter too much to tell, a validation loss that falls by
less than a fifth in a perfectly straight line is enough. A run of fewer than 60 points, or of fewer than 30 for 300
steps and more, is too short to be called slow. Half of the start level may be gone if that line is as straight as can
be. What flattens with the rate doesn't slow down. A rate that is known to be a 20th of the usual asks for less; at a
100th half of the start level may be gone, if the later half brings an eighth of that (not of linear models). One that
is known to be eight times the usual is never too low. Nothing is said of a net that is known to have been trained
before.

## Why it matters
A healthy curve is steep first and slows down. A straight one has got nowhere: the same steps, longer, would have
brought several times as much.

## Look-alikes
A warm-up that still goes on. A model that is fine-tuned from a good start, where little is left to gain and the
training loss falls by learning the samples by heart. A noise floor, where the curve is flat rather than straight. A
staircase: each cut of the rate brings the loss down in one step, so that stages which slow down add up to a line.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 2.3 - 0.002 * step + 0.01 * noise}
planned = 200
also = ("OPT106",)
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 0.3 + 2.0 * np.exp(-step / 40) + 0.01 * noise}
planned = 200
```

## References
Smith 2017, arXiv:1506.01186. Humbatova et al. 2020, arXiv:1910.11015 (faults of deep learning).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.settings import number
from optcli.diagnosis.strength import off, tuned
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import TINY, Series
from optcli.run.stats import median, slope

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 8
VARIES: Final = ("scale", "shift")

DONE: Final = 0.3
"""Share of the plan after which a run that is to end well has shown it."""
PROGRESS: Final = 0.365
"""Share of the start level that is gone by the end."""
PROGRESS_TEXT: Final = 0.2
"""The same for language, whose loss can't fall below the entropy of text."""
STRAIGHT: Final = 0.4
"""Slope of the last third over that of the first, at the end: a healthy curve slows down, one that crawls doesn't. An
exponential that shows r at the end shows r to the power of s at a share s of the run."""
RISING: Final = 3.0
"""The same for a curve that has only just begun to fall, after a flat stretch."""
STAIRS: Final = 0.3
"""Share of the fall that must come within epochs, where epochs are known."""
EPOCHS: Final = 3
WITHIN: Final = 8
"""Epochs, and points in each, that are needed to tell."""
SPENT: Final = 0.3
"""Share of the highest mean rate of a third below which a third tells nothing."""
SURE: Final = 4.0
"""Standard errors of the slope below 0."""
LEAST: Final = 60
FEWEST: Final = 30
STEPS_LEAST: Final = 300
"""Points by step, below which a run was merely short; fewer where they stand for so many steps."""
LITTLE: Final = 0.2
"""Progress above which the last part, too, must fall for sure: a planned drop of the rate flattens the end."""
FALLING: Final = -3.0
SHARED: Final = (0.6, 1.6)
"""Fall of the validation loss over that of the training loss since the first validation: a fall that is not shared is
learning by heart, one that validation exceeds began from a trained model."""
VALIDATIONS: Final = 4
"""Validations that are needed to compare the two falls."""
MANY: Final = 12
DRIVEN: Final = 8
CERTAIN: Final = 15.0
"""Validations, those of them while there was a rate, and standard errors of their slope, whole and late, by which their
fall alone is enough."""
FAR: Final = 0.46
CERTAIN_FAR: Final = 20.0
STRAIGHT_FAR: Final = 0.5
"""What may be gone if the line is as straight and certain as this."""
LOW: Final = -1.3
HIGH: Final = 0.9
FAR_LOW: Final = 0.65
CERTAIN_LOW: Final = 8.0
STRAIGHT_LOW: Final = 0.25
"""Decades below the usual at which a rate is known to be low (a 20th), beyond it at which it is known not to be (8
times), and what is enough where it is low."""
HUNDREDTH: Final = -2.0
HALF: Final = 0.5
GOES_ON: Final = 0.12
"""Decades below the usual at which it is a hundredth of it, what may be gone there, and the share of that which the
later half must bring."""
STEP: Final = 0.12
STEPS: Final = 6.0
"""A fall from one level to the next in the later two thirds, as a share of the whole fall and over a usual one, that
only a lower rate brings: then the steps before were not too short."""
FROM_START: Final = 0.1
"""Share of the run by which the first validation must have come: a part of a long run is nearly straight."""


def check(view: View) -> list[Finding] | Abstain:
    """A fall that is certain, straight, and too small for the steps there are."""
    loss = view.loss
    if loss.n < POINTS:
        return Abstain("too few finite points")
    if not view.share >= DONE:
        return Abstain("too early, or no plan to measure by")
    if loss.n < LEAST and not view.by_epoch and (loss.n < FEWEST or view.at < STEPS_LEAST):
        return Abstain("too short to be called slow")
    if loss.late:
        return Abstain("the log begins in the middle of a run")
    if loss.start <= 0:
        return Abstain("a loss at or below 0 has no end to measure by")
    if tuned(view.config):
        return Abstain("of a net that was trained before nobody knows how much is left to learn")
    if off(view) > HIGH:
        return []
    gone = (view.top - loss.end) / view.top / view.share  # carried on in a straight line to the end
    little = 0.01 <= gone <= (PROGRESS_TEXT if view.texty else PROGRESS)
    found = (_by_training(view, gone) if little else []) or (_by_validation(view) if gone >= 0.01 else [])
    return found or _by_rate(view)


def _by_training(view: View, gone: float) -> list[Finding]:
    loss = view.loss
    _, z = loss.trend(1.0)
    stands = loss.trend(0.4)[1] > FALLING and off(view) >= LOW
    if z > -SURE or ((gone > LITTLE or view.floored) and stands):
        return []
    early, late = _paces(view, loss)
    straight = RISING * early < late < STRAIGHT**view.share * early
    if not straight or _stairs(view) or _lowered(loss) or not _shared(view):
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(loss.step[0]), 0.93,
            f"{loss.name} falls steadily but has lost only {gone:.0%} of its start level",
            progress=(gone, "1"), late_over_early=(late / early, "1"), trend=(z, "sigma"),
        )
    ]  # fmt: skip


def _by_validation(view: View) -> list[Finding]:
    """The same of validation, which scatters less: a little is gone in a line that is straight beyond any doubt."""
    val = view.val
    if val is None or val.n < MANY or val.start <= 0 or val.step[0] > FROM_START * view.at:
        return []
    gone = (val.start - val.end) / val.start / view.share
    driven, far, low = _driven(view, val), gone >= LITTLE, off(view) < LOW
    certain = CERTAIN_LOW if low else CERTAIN_FAR if far else CERTAIN
    most = LITTLE if view.texty else FAR_LOW if low else FAR
    if not 0.01 < gone < most or max(driven.trend(1.0)[1], driven.trend(0.4)[1]) > -certain:
        return []
    early, late = _paces(view, val)
    if not RISING * early < late < (STRAIGHT_LOW if low else STRAIGHT_FAR if far else STRAIGHT) ** view.share * early:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, float(val.step[0]), 0.9,
            f"{val.name} falls in a straight line and has lost only {gone:.0%} of its start level",
            progress=(gone, "1"), late_over_early=(late / early, "1"), trend=(val.trend(1.0)[1], "sigma"),
        )
    ]  # fmt: skip


def _by_rate(view: View) -> list[Finding]:
    """At a hundredth of a usual rate half of the loss and more is left, and it falls on in the later half."""
    series, rate = view.val if view.val is not None and view.val.n >= MANY else view.loss, off(view)
    if not view.complete or rate > HUNDREDTH or series.start <= 0 or series.trend(1.0)[1] > -CERTAIN_LOW:
        return []
    gone, blocks = (series.start - series.end) / series.start, series.blocks
    if not 0.01 < gone < HALF or blocks[len(blocks) // 2] - blocks[-1] < GOES_ON * (blocks[0] - blocks[-1]):
        return []
    if not _shared(view) or number(view.config, "facts.linear"):
        return []
    return [
        view.finding(
            __name__, SEVERITY, series.name, float(series.step[0]), 0.85,
            f"{series.name} has lost only {gone:.0%} of its start level and falls on, at {10**rate:.2g} of a usual "
            "rate",
            progress=(gone, "1"), trend=(series.trend(1.0)[1], "sigma"),
        )
    ]  # fmt: skip


def _driven(view: View, val: Series) -> Series:
    """Validation while the rate was above `SPENT` of its peak: what flattens after that does so as planned."""
    lr = view.series("lr")
    if lr is None:
        return val
    high = lr.step[lr.value > SPENT * lr.value.max()]
    kept = val.step <= (high[-1] if len(high) else np.inf)
    return Series(val.name, val.step[kept], val.value[kept]) if np.count_nonzero(kept) >= DRIVEN else val


def _paces(view: View, loss: Series) -> tuple[float, float]:
    """Slopes of the first and the last third, per unit of learning rate where it is known: a decay is no slowing down.

    Where hardly any rate is left in the last third, the middle one stands for it.
    """
    lr = view.series("lr")
    third = max(4, len(loss.blocks) // 3)
    parts = [loss.blocks[:third], loss.blocks[third : 2 * third], loss.blocks[-third:]]
    slopes = [slope(part)[0] for part in parts]
    if lr is None or lr.n < 6:
        return slopes[0], slopes[2]
    rates = [float(part.mean()) for part in np.array_split(lr.value, 3)]
    last = 2 if rates[2] > SPENT * max(rates) else 1
    return slopes[0] / max(rates[0], TINY), slopes[last] / max(rates[last], TINY)


def _shared(view: View) -> bool:
    """Whether validation falls about as the training loss does; true where there are too few validations to tell."""
    loss, val = view.loss, view.val
    if val is None or val.n < VALIDATIONS:
        return True
    fell = loss.at(float(val.step[0])) - loss.end
    return fell <= 2 * loss.tau or SHARED[0] * fell <= float(val.value[0]) - val.end <= SHARED[1] * fell


def _lowered(loss: Series) -> bool:
    """Whether the loss came down in one step, and stayed down, as it does when the rate is cut."""
    falls = -np.diff(loss.blocks)
    later = len(falls) // 3
    at = later + int(falls[later:].argmax())
    before, after = loss.blocks[max(0, at - 2) : at + 1], loss.blocks[at + 1 : at + 4]
    step = float(before.min() - after.max())
    return step > STEP * (loss.start - loss.end) and step > STEPS * median(np.abs(falls))


def _stairs(view: View) -> bool:
    """Whether the loss falls between epochs rather than in them, as it does where samples are learned by heart."""
    loss = view.loss
    bounds = np.searchsorted(loss.step, view.epochs).tolist()
    pieces = [loss.value[a:b] for a, b in pairwise([*bounds, loss.n]) if b - a >= WITHIN]
    if len(pieces) < EPOCHS:
        return False
    inside = sum(slope(piece)[0] * len(piece) for piece in pieces)
    return -inside < STAIRS * (loss.start - loss.end)
