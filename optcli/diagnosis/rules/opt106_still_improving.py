"""The run ended while the loss still fell steeply.

## What is seen
The last fifth of the run brought more than a tenth of the whole fall, beyond doubt; an even fall would have brought a
fifth. It ends below everything before: a way back from a leap is no progress. Validation, where there is one, is at its
best and fell with it by a third as much; where there is a score alone, it rose lately. A validation accuracy that
climbs as steeply counts as well, since a loss near 0 has hardly a share of its fall left. Only said of a run that has
ended, and not at its target. Of three to ten validations it is enough that each is below the one before and the last
fall, by the step, over half as large as all are on average, a final one right behind a regular one left out; more of
them may show the same tenth by themselves.

## Why it matters
The cheapest improvement there is: more steps, with the schedule stretched to them.

## Look-alikes
A training loss that falls while validation doesn't is learning by heart (GEN201). A rate that dropped just before the
end makes a last steep bit. A straight crawl from the start on is OPT103.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 2.3 * (1 - (step / 230) ** 1.5) + 0.01 * noise}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=200)
step = np.arange(200)
curves = {"train/loss": 0.2 + 2.1 * np.exp(-step / 40) + 0.01 * noise}
```

## References
Hoffmann et al. 2022, arXiv:2203.15556. Godbole et al., Deep Learning Tuning Playbook, 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.scores import upside_down
from optcli.diagnosis.settings import setting
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import median, slope

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 4
AT_END: Final = True

GAIN: Final = 0.1
"""Fall over the last fifth of the run, as a share of the whole drop: an even fall would have 0.2."""
SURE: Final = 2.5
"""Standard errors."""
NOISE: Final = 0.5
"""Noise of a point as a share of the drop beyond which a share of the drop says nothing: fine-tuning near its end."""
FEW: Final = 8
"""Blocks up to which three of them must do for the slope of the end."""
SPENT: Final = 0.1
"""Rate over the last tenth of the run (after restarts: the last one), as a share of its peak: below it the fall ends
with the rate."""
NEW: Final = 0.01
"""Share of the drop by which the end must lie below everything before the last stretch."""
SHARED: Final = 0.3
"""Fall of the validation loss over that of the training loss; what else falls is learned by heart. Runs that were cut
off show 0.8 and more."""
SAMPLES: Final = 2.5
"""Smallest steps of an accuracy, which are one sample of the validation set, that its gain must exceed."""
SCORES: Final = 10
FEWEST: Final = 3
LONGEST: Final = 10
PACE: Final = 0.53
LEAST: Final = 0.05
"""Validations that are few enough to be looked at one by one; the last fall over that of all, by the step (0.02 to 0.49
in healthy runs but one), and their whole fall as a share of the first."""
BEHIND: Final = 0.5
"""Share of the usual distance at which the last validation brings too little of its own to be held against others."""
GAIN_SEEN: Final = 0.1
SURE_SEEN: Final = 6.0
"""What the last fifth of many validations must bring by itself, as a share of their drop, and standard errors of it."""
STANDS: Final = 0.4
STILL: Final = 0.05
"""Validations of a score that there must be, the share of them that it stands still, and what it may gain in it."""
LAST: Final = 2
"""Blocks of the validation among which its best one may be: on a steep way down the end's median lies above it."""
RESTART: Final = 3.0
"""Times by which a rate goes up again in one step at a restart."""


def check(view: View) -> list[Finding] | Abstain:
    """A steep fall up to the last point, in training and validation."""
    loss, val = view.loss, view.val
    if loss.n < POINTS:
        return Abstain("too few finite points")
    if _aims(view.config) and view.planned and view.at < view.planned:
        return Abstain("the run was to end at its target, and did")
    rate = view.series("lr")
    if rate is not None and _last_rate(rate) < SPENT * rate.value.max():
        return Abstain("the learning rate has come down: more steps need another schedule")
    if val is not None and FEWEST <= val.n <= LONGEST:
        return _at_full_pace(view, *_regular(val)) or _steeply(view)
    found = _steeply(view)
    return found if isinstance(found, list) and found else (_by_validation(view) or found)


def _steeply(view: View) -> list[Finding] | Abstain:
    """The last fifth of the training loss, where it can be told from noise."""
    loss, val = view.loss, view.val
    if loss.sigma > NOISE * loss.drop:
        return Abstain("the whole fall is hardly more than noise")
    gain, sure = _last_fifth(loss)
    score = _climbing(view) if gain < GAIN else None
    if (gain < GAIN and score is None) or sure > -SURE:
        return []
    reach = _reach(loss)
    first, before = float(loss.block_step[-reach]), loss.blocks[:-reach]
    if len(before) and median(loss.blocks[-3:]) > float(before.min()) - NEW * loss.drop:
        return []  # on the way back from a leap
    fell = 5 * gain * loss.drop * (reach - 1) / (len(loss.blocks) - 1)
    if val is not None and val.n >= POINTS and not _followed(val, first, fell, 0.05 * loss.drop):
        return []
    if val is None and _stands(view):
        return []
    what = f"{loss.name} still falls at the end: its last fifth brought {gain:.0%} of the drop"
    if score is not None:
        what = f"{score.name} still climbs at the end: its last fifth brought {_last_fifth(score)[0]:.0%} of the gain"
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.88, what, gain=(gain, "of the drop"), trend=(sure, "sigma")
        )
    ]


def _regular(val: Series) -> tuple[Floats, Floats]:
    """Steps and values of the validations, less a final one that came right behind a regular one."""
    apart = np.diff(val.step)
    count = val.n - (val.n > FEWEST and bool(apart[-1] < BEHIND * median(apart[:-1])))
    return val.step[:count], val.value[:count]


def _at_full_pace(view: View, step: Floats, value: Floats) -> list[Finding]:
    """Few validations, each below the one before, and the last fall nearly as large as they are on average."""
    falls, apart = -np.diff(value), np.diff(step)
    fell, first = float(value[0] - value[-1]), float(step[-2])
    usual = fell / (step[-1] - step[0])
    if (falls <= 0).any() or fell < LEAST * abs(float(value[0])) or falls[-1] < PACE * usual * apart[-1]:
        return []
    if view.loss.trend(0.5)[1] > SURE:
        return []  # training doesn't
    share = float(falls[-1]) / fell
    return [
        view.finding(
            __name__, SEVERITY, view.val.name if view.val else "", first, 0.8,
            f"val/loss still falls at the end: the last of {len(value)} validations brought {share:.0%} of the drop",
            gain=(share, "of the drop"),
        )
    ]  # fmt: skip


def _by_validation(view: View) -> list[Finding]:
    """The last fifth of the validation loss, which scatters less than single batches do."""
    val = view.val
    if val is None or val.n <= LONGEST or val.end > val.low + NEW * val.drop:
        return []
    gain, sure = _last_fifth(val)
    if gain < GAIN_SEEN or sure > -SURE_SEEN or val.drop < LEAST * abs(val.start) or view.loss.trend(0.5)[1] > SURE:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, float(val.block_step[-_reach(val)]), 0.8,
            f"{val.name} still falls at the end: its last fifth brought {gain:.0%} of the drop",
            gain=(gain, "of the drop"), trend=(sure, "sigma"),
        )
    ]  # fmt: skip


def _reach(series: Series) -> int:
    """Blocks that tell the slope of the end: the last fifth, and more of a short log."""
    n = len(series.blocks)
    return max(1, round(0.2 * n)) if n >= 20 else max(4 if n > FEW else 3, n // 3)


def _last_fifth(series: Series) -> tuple[float, float]:
    """What a fifth of the run brings at the slope of its end, as a share of the drop, and how sure that slope is."""
    reach = _reach(series)
    rise, error = slope(series.blocks[-reach:])
    error = max(error, series.tau / (reach * (reach**2 - 1) / 12) ** 0.5)
    return -rise * 0.2 * (len(series.blocks) - 1) / series.drop, rise / error


def _climbing(view: View) -> Series | None:
    """The validation accuracy, upside down, if it is at its best and got there as steeply: an accuracy that climbs
    while the loss is near 0 has the larger share of its way before it."""
    score = upside_down(view)
    if score is None or score.name != "val/accuracy" or len(score.blocks) < SCORES:
        return None
    gain, sure = _last_fifth(score)
    steps = np.abs(np.diff(score.value))
    if gain * score.drop < SAMPLES * float(steps[steps > 0].min(initial=score.drop)):
        return None
    best = score.end <= score.low + 0.05 * score.drop
    return score if gain >= GAIN and sure <= -SURE and best else None


def _aims(config: Mapping[str, Any]) -> bool:
    """Whether the run was to end when a metric reaches a target."""
    return bool(setting(config, "train.target")) or any(name.startswith("train.target.") for name in config)


def _followed(val: Series, first: float, fell: float, apart: float) -> bool:
    """Whether validation ends within `apart` of its best and has shared in what training fell since `first`."""
    best = val.low >= float(val.blocks[-LAST:].min()) or val.end <= val.low + apart
    return best and val.at(first) - val.end >= SHARED * fell


def _stands(view: View) -> bool:
    """Whether a validation score, where there is no loss, has got no better for long: more steps would not help it."""
    score = upside_down(view)
    if score is None or len(score.blocks) < SCORES:
        return False
    change, sure = score.trend(STANDS)
    return sure > -SURE or -change < STILL * score.drop


def _last_rate(rate: Series) -> float:
    """The rate with which the run ended; where it restarted the end of a cycle is the end of a descent."""
    restarts = rate.value[1:] > RESTART * rate.value[:-1]
    return float(rate.value[-1] if restarts[rate.n // 10 :].any() else rate.tail(0.1).max())
