"""The loss rises and stays up.

## What is seen
The level of the loss, a median over several points, is above its best earlier level by more than 6 noise levels and by
a third of everything that had been gained, and doesn't come back; a steady rise counts from 30 % on. A loss that soars
for several points and then is no number any more counts as well, and so do one that stays several times above what a
blind guess earns, a whole log of three to five points that ends at five times its first, and one whose first value lies
far below nearly everything after it (at a rate far beyond the usual a fifth; at a thousand times the usual any loss
that gets nowhere): steps that throw a run off at once leave no better level to compare. A whole run that was several
times above a guess among k classes for a quarter of its points, and in the end no better than one, counts too. So do a
loss beyond 1e15, one beyond 14 nats at a rate a thousand times the usual, and one that is no number any more at a rate
twenty times the usual or after a first few of a size, or with a gradient, that no start has. Where the rate has gone up
fivefold since the best level, two fifths of those noise levels are enough. A rise below the start level waits for three
epochs, if they are known: it may be the order of the data. However noisy the way there was, a last quarter that lies
above the best level by most of what was gained is no noise. What comes back after all, to twice its best level if it
had lost everything, is a note, unless it had been at five times its start or the rate is known to be a hundred times
the usual; at such a rate a first point a hundred times above what follows says that the run had been thrown off before
it.

## Why it matters
What the run had learned is gone, and it seldom returns by itself. Every further step is wasted; the last good
checkpoint is worth more than the end.

## Look-alikes
A spike (OPT108) comes back within some points. A first value of one batch may lie below the averages over many steps
that follow it. A loss that holds a penalty besides is above a guess's while most choices are right and it falls. A
restarted or raised learning rate lifts the loss for a while. A new task, a curriculum or a weight that grows (KL
annealing) changes what the loss means: look at its parts. Sorted data makes the loss fall and leap within the first
epoch, below its start: there the rule waits until two epochs have gone by (DAT405 names it).

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.4 + 1.9 * np.exp(-step / 40) + 0.02 * np.maximum(step - 200, 0) + 0.03 * noise}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
bump = 0.25 * np.exp(-((step - 200) ** 2) / 50)
curves = {"train/loss": 0.4 + 1.9 * np.exp(-step / 80) + bump + 0.03 * noise}
```

## References
Page 1954, doi:10.1093/biomet/41.1-2.100 (detecting a rise). Chowdhery et al. 2022, arXiv:2204.02311.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from optcli.diagnosis import answers, outset, rises
from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.strength import UNHEARD, WILD, beyond
from optcli.diagnosis.unseen import creeping
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import block_medians, median, noise

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 1
VARIES: Final = ("shift", "steps")

SIGMAS: Final = 6.0
"""Rise in noise levels of a block: one false alarm in 10^9 blocks of normal noise, some for heavier tails."""
UNGAINED: Final = 0.25
"""Rise as a share of the start level where nothing had been gained yet."""
BOTH: Final = 0.15
"""The same where validation has risen by that share of its own start level too."""
RATE: Final = 5.0
LEAPT: Final = 0.4
"""Times that the rate has gone up since the lowest level, to more than it ever was, and the share of that bar which is
enough then."""
LAST: Final = 4
"""Points of so short a log that must all be up to make a level, where validation has risen too."""
LEAST: Final = 4
"""Points, unless a loss that was absurd from the start is no number any more."""
CHANCES: Final = 3.0
"""Times the loss of the best constant guess: no net that learns is as far off for long."""
HIGH: Final = 0.25
"""Share of the points that far off in a run whose answers were never better than a guess's."""
LATER: Final = 12
"""Points, and half of all, over which it must be."""
RIGHT: Final = 0.5
"""Gain of accuracy over a guess, of what there is to gain, at which a loss above a guess's that falls for sure holds a
penalty besides."""
EARLY: Final = 0.2
"""Share of the plan for which a rise may wait until three epochs have gone by."""
PATIENT: Final = 128
"""The same in points, where no plan is known."""
GREAT: Final = 5.0
"""Times its start that a loss has reached when it counts even after it came back."""
BACK: Final = 1.0
"""Above its best level by as much again the loss has not come back, where it had lost all that was gained."""
RECENT: Final = 12
"""The level now is the median of this part of the points (a twelfth), and of 5 points at least."""


def check(view: View) -> list[Finding] | Abstain:
    """The level now against the best level before."""
    loss = view.stretch
    broke = view.points(LOSS) > view.loss.n
    if loss.n and broke and beyond(view) > WILD:
        return [_burst(view, f", at a rate {10 ** beyond(view):.0f} times the usual")]
    if (broke and outset.burst(view)) or (_unseen_broke(view) and outset.immense(view)):
        return [_burst(view, f", having been up to {np.abs(loss.value).max():.4g}")]
    if not loss.n or (loss.n < LEAST and not (broke and _far_from_chance(view, 1)) and not outset.exploded(view)):
        return Abstain("too few finite points")
    levels = _levels(loss)
    low = min(float(levels[:-1].min()), loss.start) if len(levels) > 1 else loss.start
    now = float(levels[-2:].min()) if len(levels) > 2 else loss.end
    if rises.FEW <= loss.n < rises.YOUNG and _validation_rose(view):
        now = max(now, float(loss.value[-LAST:].min()))
    if broke:  # the next value is no number any more: no time to wait for a level
        now = float(loss.value[-1])
    gained = max(loss.start - low, 0.0)
    bar = SIGMAS * (1 + rises.FEW / max(loss.n, 1)) * _noise(loss) * (LEAPT if _rate_leapt(view, levels) else 1.0)
    if low == loss.value[0] and loss.n > 1:
        bar = max(
            bar, min(bar * outset.apart(loss) ** 0.5, rises.LONE * abs(low)), rises.ALONE * abs(low) * _early(view)
        )
    bar = max(bar, rises.SHARE * gained)
    if gained < 0.1 * abs(loss.start):
        bar = max(bar, (BOTH if _validation_rose(view) else UNGAINED) * abs(loss.start))
    rose = (
        now - low > bar
        or outset.exploded(view)
        or rises.climbing(loss, low, gained, broke, _early(view))
        or rises.rising(loss, low, gained)
    )
    rose = rose or rises.stays(loss, view.by_epoch)
    if not rose and outset.left(view):
        rose, low, now = True, float(loss.value[0]), median(loss.tail(0.5))
    if not rose and outset.thrown(view):
        return [_from_above(view)]
    if not rose and view.complete and (never := answers.never_better(view)) is not None and _high(loss, never[1]):
        return [_above_a_guess(view, never[1])]
    far = _far_from_chance(view, 1 if broke else 2 * LATER) or outset.astray(view)
    if (not rose and not far) or (not far and creeping(view) is not None):
        return []
    if not far and not broke and now < loss.start and _first_epochs(view):
        return Abstain("a rise below the start level in the first three epochs may be the order of the data")
    first = _onset(loss, low + min(bar, now - low) / 2)
    what = f"rose from {low:.4g} to {now:.4g} and stays there, since about step {first:g}"
    if not rose:
        guess = view.chance_at_most
        times = f", {now / guess:.1f} times what a guess earns that is always the same" if guess else ""
        what = f"stays at {now:.4g}{times}"
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.97 if now - low > 2 * bar else 0.9,
            f"{loss.name} {what}",
            rise_of_gain=((now - low) / gained if gained > 0 else float("inf"), "1"),
            rise=((now - low) / max(_noise(loss), loss.grain), "sigma"),
            over_start=(now / loss.start if loss.start > 0 else float("nan"), "1"),
            lr_ratio=(view.lr_change(first, max(1.0, view.at / 10)), "1"), rate=(beyond(view), "decades"),
        )
    ]  # fmt: skip


def passes(finding: Finding) -> bool:
    """Once the loss has come back nothing need be done about it, unless it had gone up many times its start."""
    over, rate = map(finding.evidence.get, ("over_start", "rate"))  # the first isn't known of losses below 0
    return (over is None or not over.value > GREAT) and (rate is None or rate.value < UNHEARD)


def gone(finding: Finding, view: View) -> bool:
    """Whether the loss has come back: it is near its best level again, not just below what called it lost."""
    loss = view.stretch
    before, since = loss.value[loss.step < finding.first], loss.value[loss.step >= finding.first]
    if len(before) < rises.FEW or len(since) < rises.FEW or float(block_medians(since, 5).max()) <= loss.start:
        return True
    low = float(block_medians(before, 5).min())
    return median(loss.tail(0.25)) - low < max(BACK * abs(low), SIGMAS * _noise(loss) / 2)


def _burst(view: View, how: str) -> Finding:
    """No time for a rise that could be seen."""
    loss = view.stretch
    last = float(loss.step[-1])
    return view.finding(
        __name__, SEVERITY, loss.name, last, 0.9,
        f"{loss.name} is no number any more after step {last:g}{how}",
        over_start=(float(loss.value[-1]) / loss.start if loss.start > 0 else float("nan"), "1"),
        lr_ratio=(view.lr_change(last, max(1.0, view.at / 10)), "1"), rate=(beyond(view), "decades"),
    )  # fmt: skip


def _from_above(view: View) -> Finding:
    loss = view.stretch
    first, now = float(loss.value[0]), median(loss.tail(0.5))
    return view.finding(
        __name__, SEVERITY, loss.name, float(loss.step[0]), 0.85,
        f"{loss.name} begins at {first:.4g}, {first / now:.3g} times what follows: the first steps had thrown it off",
        over_start=(first / now, "1"), rate=(beyond(view), "decades"),
    )  # fmt: skip


def _high(loss: Series, many: int) -> bool:
    """Whether a good part of the points are several times the loss of a guess among so many."""
    return float(np.mean(loss.value > CHANCES * math.log(many))) >= HIGH


def _above_a_guess(view: View, many: int) -> Finding:
    loss, guess = view.stretch, math.log(many)
    high = float(loss.value.max())
    return view.finding(
        __name__, SEVERITY, loss.name, float(loss.step[0]), 0.85,
        f"{loss.name} was up to {high:.4g}, {high / guess:.0f} times what a guess among {many} earns, and came down to "
        f"no more than that",
        over_start=(high / loss.start if loss.start > 0 else float("nan"), "1"), rate=(beyond(view), "decades"),
    )  # fmt: skip


def _first_epochs(view: View) -> bool:
    """Whether no epoch has been gone through three times yet, early in a run that counts them."""
    early = view.share < EARLY if view.share >= 0 else view.loss.n < PATIENT
    return 1 <= len(view.epochs) <= 3 and early


def _far_from_chance(view: View, least: int) -> bool:
    """A loss that stays several times above what a constant guess earns, where that is known or can be told."""
    loss = view.loss
    if not view.chance_at_most or loss.n < least or (view.brief and least > 1):
        return False
    if float(loss.value[-max(LATER, loss.n // 2) :].min()) <= CHANCES * view.chance_at_most:
        return False
    return not (view.right > RIGHT and loss.trend(1.0)[1] < -rises.RISING)


def _validation_rose(view: View) -> bool:
    """Whether validation, too, stands well above its best."""
    val = view.val
    return val is not None and val.n >= LEAST and val.end - val.low > BOTH * abs(val.start)


def _rate_leapt(view: View, levels: Floats) -> bool:
    """Whether the rate has gone far above all that it was until the loss was lowest."""
    lr = view.series("lr")
    if lr is None or lr.n < LEAST or len(levels) < LEAST:
        return False
    until = float(view.stretch.step[(int(levels.argmin()) + 1) * len(view.stretch.step) // len(levels) - 1])
    if view.warm is not None and until <= view.warm:
        return False  # a warm-up goes up as planned
    before, since = lr.value[lr.step <= until], lr.value[lr.step > until]
    return min(len(before), len(since)) > 0 and float(since.max()) > RATE * float(before.max()) > 0


def _unseen_broke(view: View) -> bool:
    """Whether the last validation is no number."""
    val = view.curve("val/loss")
    return val is not None and not np.isfinite(val.value[-1])


def _early(view: View) -> bool:
    """Whether a growing log holds but the first single batches, of which any may be an easy one."""
    return view.stretch.n < rises.YOUNG and not view.by_epoch and not view.complete


def _levels(loss: Series) -> Floats:
    size = max(min(5, loss.n // 3), loss.n // (2 * RECENT))
    return block_medians(loss.value, max(1, size))


def _noise(loss: Series) -> float:
    half = loss.blocks[: max(6, len(loss.blocks) // 2)]
    return max(noise(half), loss.grain)


def _onset(loss: Series, level: float) -> float:
    below = np.flatnonzero(loss.value <= level)
    return float(loss.step[min(below[-1] + 1, loss.n - 1)]) if len(below) else float(loss.step[0])
