"""The loss swings and gets nowhere.

## What is seen
The training loss reached its present level early and falls no further, while the validation loss goes up and down by a
twentieth and more of everything that was gained, back and forth. The validation set is the same each time, so that this
shows that the parameters themselves are thrown about. Without validation, the swings of the training loss must be
slower than noise from batch to batch can be. Such slow swings of the training loss are enough by themselves where they
add up to most of what was gained: each stretch of the run undoes what the one before it did. Where steps are known to
be of one or two samples, a scatter of a fifth of the drop around a level that stands still is one as well. Swings that
validation no longer shows in its last third are over, and what is over is a note, unless the rate is known to be a
hundred times the usual; at such a rate swings of two fifths of that size count. Swings that each epoch repeats count
from two fifths of what was gained on, even if the loss falls besides. One leap and the way back from it are no swings
(OPT108).

## Why it matters
The steps are longer than the valley is wide. Most of what a shorter step would gain is thrown away, and where the run
ends is a matter of luck.

## Look-alikes
Noisy small batches scatter without swinging: block medians and validation stay level. At the edge of stability the
loss is ragged and falls: silent here. Swings that repeat with each epoch come from the order of the data, and DAT405
stands beside them.
Restarts of a schedule lift the loss once and end lower. The loss of the boxes that a detector draws may wander while it
finds more and more of them: where a validation score (accuracy, mAP, F1) climbs all the while, nothing is said.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
swing = 0.5 * np.sin(step / 7) * (step > 60)
curves = {
    "train/loss": 0.7 + 1.6 * np.exp(-step / 20) + 0.6 * swing + 0.03 * noise,
    "val/loss": (step[9::10], (0.8 + 1.5 * np.exp(-step / 20) + 0.6 * swing)[9::10]),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.5 + 1.8 * np.exp(-step / 60) + 0.15 * noise,
    "val/loss": (step[9::10], (0.55 + 1.8 * np.exp(-step / 60))[9::10]),
}
```

## References
Cohen et al. 2021, arXiv:2103.00065 (edge of stability). Godbole et al., Deep Learning Tuning Playbook, 2023.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis import seasons
from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.scores import upside_down
from optcli.diagnosis.strength import SHAKY, UNHEARD, beyond, samples
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.prepare import Series, copied
from optcli.run.stats import median, noise, reversals, turn_rate, ups, wander

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 12
VARIES: Final = ("shift",)

SETTLED: Final = 0.5
"""Share of the blocks by which the median level of the later half must have been reached: the fall is over."""
WINDOW: Final = 2 / 3
"""The last part of the blocks that is looked at where there is no validation."""
FALLING: Final = -3.0
"""Trend in standard errors below which the level still falls; then swings are harmless (edge of stability)."""
CLIMB: Final = 0.25
"""Sum of all rises between blocks, as a share of the drop."""
SWING: Final = 0.06
"""Noise of block levels as a share of the drop, where no validation can tell swings from noisy batches."""
WANDER: Final = 1.5
"""There, too: noise of block levels over what independent noise of single points would leave of it."""
WIDE: Final = 0.08
WIDE_WANDER: Final = 2.0
WIDE_CLIMB: Final = 0.75
WIDE_WINDOW: Final = 0.5
"""The same for swings that count whatever validation does: over the half in which noise is measured, most of what was
gained is lost again and regained. Healthy runs reach 0.03, and 0.3 of the drop in rises."""
WIDE_POINTS: Final = 192
"""Points that are needed for them: four in a block."""
SEASON: Final = 0.4
"""Height of a pattern that each epoch repeats, as a share of the drop."""
SHAKEN: Final = 0.2
LITTLE: Final = 0.1
"""Noise of a point as a share of the drop, where steps are of hardly any samples, and the fall of the later half, as a
share of the drop, that it may hide."""
ALONE: Final = 96
"""Points without any validation after which the training loss alone may decide: two in a block."""
VAL_SWING: Final = 0.08
"""Rise or fall of the validation loss that counts, as a share of the training loss's drop."""
VAL_SMALL: Final = 0.05
"""The same where there are `MANY` of them."""
EASED: Final = 0.4
"""Of these, where the rate is known to be one that no net bears."""
TURNS: Final = 2
"""Of them, rises and falls in turn after the first fall: one full swing. Healthy runs show none."""
MANY: Final = 4
GREAT: Final = 5.0
"""Rises in drops: swings that are as great are remembered when they are over, and of them one alone is enough before
the end."""
ONE: Final = 0.5
LONE: Final = 0.9
"""Share of all rises of the training loss that its largest may have where there was one swing alone, and where there
were more: a spike and its recovery is another case."""
VAL_POINTS: Final = 3
RECENT: Final = 0.3
"""Validations at that level that can show one, and the last part of them over which they must still swing."""
SCORES: Final = 8
GAINING: Final = 0.75
WITNESSES: Final = 24
QUIET: Final = 0.08
"""Validations that tell, and the drops by which they differ where nothing swings."""
GAIN: Final = 0.3
"""Validations of a score, and what it must gain over so much of the run, as a share of all it gained: a loss that is
one of several, or the boxes' alone, may wander while more and more objects are found."""
LEVEL: Final = 0.25
"""A drop counts as this share of the start level at least; one that is lost in noise, as twice that."""


def check(view: View) -> list[Finding] | Abstain:
    """Levels that go up and down by a good part of the drop and get nowhere, or do so in every epoch."""
    said = _swings(view)
    return said if said and not isinstance(said, Abstain) else _in_epochs(view) or said


def _swings(view: View) -> list[Finding] | Abstain:
    loss, val = view.loss, view.val
    if loss.n < POINTS:
        return Abstain("too few finite points")
    if loss.n >= WIDE_POINTS and (found := _wide(view) or _shaken(view)):
        return found
    if val is not None and val.n >= VAL_POINTS:
        found = _with_validation(view, val)
        return [] if found and _gains(view) else found
    if val is not None and not view.complete:
        return Abstain("waits for validation to tell swings from noisy batches")
    if loss.n < ALONE or not view.learned:
        return Abstain("too little to tell swings from noisy batches")
    return _alone(view)


def passes(finding: Finding) -> bool:
    """Once it is over nothing need be done about it."""
    climb, rate = finding.evidence.get("climb"), finding.evidence.get("rate")
    if "period" in finding.evidence:
        return True
    return climb is not None and climb.value < GREAT and (rate is None or rate.value < UNHEARD)


def gone(finding: Finding, view: View) -> bool:
    """Whether swings of epochs or single samples are half as high, for what was gained, as it takes to find them."""
    if "batch" in finding.evidence:
        return view.loss.sigma < SHAKEN / 2 * view.loss.drop
    found = seasons.pattern(view) if "period" in finding.evidence else None
    return found is None or found.broad < SEASON / 2 * _scale(view)


def _gains(view: View) -> bool:
    """Whether the validation's score gets better for sure all the while, as it can't where steps are too long."""
    score = upside_down(view)
    if score is None or score.n < SCORES:
        return False
    change, sure = score.trend(GAINING)
    return sure < FALLING and change < -GAIN * score.drop


def _with_validation(view: View, val: Series) -> list[Finding]:
    """A training loss that is as low as it was long ago, under a validation loss that swings."""
    loss, blocks = view.loss, view.loss.blocks
    begin = int(np.argmax(blocks <= median(blocks[len(blocks) // 2 :]) + loss.tau))
    first = float(loss.block_step[begin])
    scale = _scale(view)
    swing = scale * (EASED if beyond(view) > UNHEARD else 1.0)
    if (view.restarts > first).any():
        return []
    tail = Series(val.name, *(axis[val.step >= first] for axis in (val.step, val.value)))
    if begin > SETTLED * len(blocks) or tail.n < VAL_POINTS or ups(blocks[begin:]) < CLIMB * swing:
        return []
    small, turns = (reversals(tail.blocks, share * swing) for share in (VAL_SMALL, VAL_SWING))
    turns = small if small >= MANY else turns
    if float(np.diff(blocks[begin:]).max(initial=0.0)) > (ONE if turns == TURNS else LONE) * ups(blocks[begin:]):
        return []
    settled = Series(loss.name, loss.block_step[begin:], blocks[begin:])
    if turns == TURNS and not view.ended and ups(blocks[begin:]) < GREAT * scale:
        return []  # it may be the last
    if turns < TURNS or settled.trend(1.0)[1] < FALLING or tail.trend(1.0)[1] < FALLING:
        return []
    if copied(val, loss, VAL_POINTS):
        return []  # the training loss once more is no witness
    if np.ptp(tail.value[-max(VAL_POINTS, round(RECENT * tail.n)) :]) < VAL_SMALL * swing:
        return []  # it is over
    return [_say(view, blocks[begin:], first, scale, 0.9 if turns >= MANY else 0.8, turns=(float(turns), "1"))]


def _wide(view: View) -> list[Finding]:
    """Slow swings of the training loss whose rises add up to most of the drop."""
    loss, scale = view.loss, _scale(view)
    tail = loss.tail(WIDE_WINDOW)
    swing, slow = noise(tail) / scale, wander(loss.value[-len(tail) * loss.size :], loss.size)
    falls = loss.trend(WIDE_WINDOW)[1] < FALLING
    if swing < WIDE or not slow > WIDE_WANDER or ups(tail) < WIDE_CLIMB * scale or falls or _calm(view):
        return []
    first = float(loss.block_step[len(loss.blocks) - len(tail)])
    return [_say(view, tail, first, scale, 0.85, swing=(swing, "of the drop"), wander=(slow, "1"))]


def _calm(view: View) -> bool:
    """Whether many validations over the later half differ by next to nothing: then single batches swing alone."""
    val = view.val
    return val is not None and val.n >= WITNESSES and float(np.ptp(val.tail(0.5))) < QUIET * _scale(view)


def _shaken(view: View) -> list[Finding]:
    """Swings from point to point, where steps are known to be of hardly any samples: the parameters shake with them."""
    loss = view.loss
    if loss.sigma < SHAKEN * loss.drop or samples(view.config) > SHAKY:
        return []
    change, sure = loss.trend(0.5)
    if sure < FALLING or change < -LITTLE * loss.drop:
        return []
    first, swing = float(loss.step[loss.n // 2]), loss.sigma / loss.drop
    figures = {"swing": (swing, "of the drop"), "batch": (samples(view.config), "samples")}
    return [_say(view, loss.tail(0.5), first, _scale(view), 0.8, **figures)]


def _in_epochs(view: View) -> list[Finding]:
    """Swings that come back with each epoch and undo a good part of what was gained, however it falls besides."""
    loss, found = view.loss, seasons.pattern(view)
    if found is None or not found.certain or found.broad < SEASON * _scale(view):
        return []
    swing = found.broad / _scale(view)
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(found.marks[0]), 0.85,
            f"{loss.name} goes up and down with every epoch, by {swing:.0%} of all that was gained",
            swing=(swing, "of the drop"), period=(found.period, "steps"),
        )
    ]  # fmt: skip


def _scale(view: View) -> float:
    """The drop, or a share of the start level where hardly anything was gained."""
    loss = view.loss
    return max(loss.drop, (LEVEL if view.learned else 2 * LEVEL) * abs(loss.start), loss.grain)


def _alone(view: View) -> list[Finding]:
    """Swings of the training loss slower than the noise of batches."""
    loss = view.loss
    swing, tail = loss.tau / loss.drop, loss.tail(WINDOW)
    slow = wander(loss.value[-len(tail) * loss.size :], loss.size)
    if swing < SWING or not slow > WANDER or ups(tail) < CLIMB * loss.drop or loss.trend(WINDOW)[1] < FALLING:
        return []
    first = float(loss.block_step[len(loss.blocks) - len(tail)])
    return [_say(view, tail, first, loss.drop, 0.7, swing=(swing, "of the drop"), wander=(slow, "1"))]


def _say(view: View, tail: Floats, first: float, scale: float, sure: float, **figures: tuple[float, str]) -> Finding:
    climb, loss = ups(tail) / scale, view.loss
    return view.finding(
        __name__, SEVERITY, loss.name, first, sure,
        f"{loss.name} swings without falling: its rises add up to {climb:.0%} of all that was gained",
        climb=(climb, "of the drop"), turn_rate=(turn_rate(tail), "1"),
        lr_ratio=(view.lr_change(first, max(1.0, view.at / 4)), "1"), rate=(beyond(view), "decades"), **figures,
    )  # fmt: skip
