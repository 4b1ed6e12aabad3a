"""The loss swings and gets nowhere.

## What is seen
Over the last two thirds of the run the level of the training loss goes up and down by a good part of everything that
was gained, and no longer falls. Where there is a validation loss it has to swing as well: the validation set is the
same each time, so that its rises show that the parameters themselves are thrown about. Without one, the swings must be
slower than noise from batch to batch can be.

## Why it matters
The steps are longer than the valley is wide. Most of what a shorter step would gain is thrown away, and where the run
ends is a matter of luck.

## Look-alikes
Noisy small batches scatter without swinging: block medians and validation stay level. At the edge of stability the
loss is ragged and falls: silent here. A pattern that repeats each epoch is DAT405. Restarts of a schedule lift the
loss once and end lower.

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

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.stats import turn_rate, ups

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 12
VARIES: Final = ("shift",)

WINDOW: Final = 2 / 3
"""The last part of the blocks that is looked at: the first fall is over."""
FALLING: Final = -3.0
"""Trend in standard errors below which the level still falls; then swings are harmless (edge of stability)."""
CLIMB: Final = 0.25
"""Sum of all rises between blocks, as a share of the drop."""
SWING: Final = 0.06
"""Noise of block levels as a share of the drop, where no validation can tell swings from noisy batches."""
WANDER: Final = 1.5
"""There, too: noise of block levels over what independent noise of single points would leave of it."""
ALONE: Final = 96
"""Points without any validation after which the training loss alone may decide: two in a block."""
SWING_SEEN: Final = 0.008
"""Noise of block levels as a share of the drop where validation swings as well."""
VAL_CLIMB: Final = 0.2
"""Sum of all rises of the validation loss, as a share of the training loss's drop. It has no batch noise: the
validation set is the same each time, so that its rises show that the parameters themselves are thrown about."""
VAL_STEP: Final = 0.012
"""The same per validation: many small rises are no swing."""
VAL_POINTS: Final = 6
LEVEL: Final = 0.25
"""A run that never fell is measured by this share of its start level instead of its drop."""
MEDIAN_LOSS: Final = 1.25
"""Standard error of a median over that of a mean."""


def check(view: View) -> list[Finding] | Abstain:
    """Levels that go up and down by a good part of the drop and get nowhere."""
    loss, val = view.loss, view.val
    if loss.n < POINTS:
        return Abstain("too few finite points")
    if val is not None and val.n >= VAL_POINTS:
        swings, scale = _with_validation(view), max(loss.drop, LEVEL * abs(loss.start))
    elif val is not None and not view.ended:
        return Abstain("waits for validation to tell swings from noisy batches")
    elif loss.n < ALONE or not view.learned:
        return Abstain("too little to tell swings from noisy batches")
    else:
        swings, scale = _alone(view), loss.drop
    if not swings or loss.trend(WINDOW)[1] < FALLING:
        return []
    tail = loss.tail(WINDOW)
    first, climb = float(loss.block_step[len(loss.blocks) - len(tail)]), ups(tail) / scale
    return [
        view.finding(
            __name__, SEVERITY, loss.name, first, 0.9 if "val_climb" in swings else 0.7,
            f"{loss.name} swings without falling: its rises add up to {climb:.0%} of all that was gained",
            climb=(climb, "of the drop"), trend=(loss.trend(WINDOW)[1], "sigma"), turn_rate=(turn_rate(tail), "1"),
            lr_ratio=(view.lr_change(first, max(1.0, view.at / 4)), "1"), **swings,
        )
    ]  # fmt: skip


def _with_validation(view: View) -> dict[str, tuple[float, str]]:
    """Figures of swings that training and validation share; nothing where they don't."""
    loss, val = view.loss, view.val
    assert val is not None
    scale = max(loss.drop, LEVEL * abs(loss.start))
    tail = val.tail(WINDOW)
    swing, climb = loss.tau / scale, ups(tail) / scale
    small = swing < SWING_SEEN or ups(loss.tail(WINDOW)) < CLIMB * scale or climb < VAL_CLIMB
    if small or climb < VAL_STEP * len(tail) or val.trend(WINDOW)[1] < FALLING:
        return {}
    return {"swing": (swing, "of the drop"), "val_climb": (climb, "of the drop")}


def _alone(view: View) -> dict[str, tuple[float, str]]:
    """Figures of swings slower than the noise of batches; nothing where there are none."""
    loss = view.loss
    swing = loss.tau / loss.drop
    wander = loss.tau / loss.sigma * loss.size**0.5 / MEDIAN_LOSS
    if swing < SWING or wander < WANDER or ups(loss.tail(WINDOW)) < CLIMB * loss.drop:
        return {}
    return {"swing": (swing, "of the drop"), "wander": (wander, "1")}
