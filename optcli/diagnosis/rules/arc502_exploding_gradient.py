"""The gradient explodes.

## What is seen
The gradient's norm is 70 times its highest usual level so far, or 25 times while the loss leaps to twice its start
level, or it has grown step by step to a hundred times what it was at the start. Eight times are enough where it grows
with every step from the first one on: gradients that are added up and never set back. Norms above 80 in all the first
steps, of a loss that is a mean over samples (below 50), are no start at all: inputs or weights are far too large.

## Why it matters
One such step moves the parameters as far as a hundred ordinary ones. What follows is a spike, a divergence or NaN.

## Look-alikes
A bad batch that the run shrugs off reaches 20 to 60 times. In the first steps norms fall; they are the measure there.
Norms logged before the loss scale is taken out jump by powers of two. A policy that earns the same in all of a batch
has next to no gradient there: of those nothing is said.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 60) + 0.02 * noise,
    "grad_norm": np.where(step == 250, 400.0, 1.0 + 0.2 * np.abs(noise)),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {
    "train/loss": 0.3 + 2.0 * np.exp(-step / 60) + 0.02 * noise,
    "grad_norm": np.where(step == 250, 15.0, 1.0 + 0.2 * np.abs(noise)),
}
```

## References
Pascanu et al. 2013, arXiv:1211.5063. Kumar et al. 2025, arXiv:2504.02507 (ZClip).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import block_medians, median

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = ("grad_norm",)
POINTS: Final = 3

ZEROS: Final = 0.2
"""Share of the gradients so far that are exactly 0."""
FACTOR: Final = 70.0
"""Times the highest usual level so far; bad batches that a run shrugs off reach 20 to 60."""
TOGETHER: Final = 25.0
"""The same where the loss at that step, or the next ones, is above `LEAP` times its start level."""
LEAP: Final = 2.0
GROWTH: Final = 100.0
"""Times the level at the start that a level of `USUAL` points reaches by growing steadily."""
FIRST: Final = 8
AT: Final = 5
AT_ONCE: Final = (1.3, 1.45)
DOUBLED: Final = 2.2
UPWARDS: Final = 0.75
PILED: Final = 8.0
STAYS: Final = 0.8
SURE: Final = 4.0
"""Gradients that are added up and never set back: the first points, times the first one at the second, the third and
the sixth, share of rises among them, times the first one by now, share of the highest that the last ones keep, and
standard errors of the slope. No healthy run grows so from its start."""
SOME: Final = 5
EARLY: Final = 50
HUGE: Final = 80.0
NATS: Final = 50.0
"""Points, and share of all (one in so many), whose gradients are all longer than that, and the loss below which none is
a sum over many samples: healthy runs reach 13 there."""
USUAL: Final = 8
"""Points whose median makes a usual level."""


def check(view: View) -> list[Finding] | Abstain:
    """A gradient far above everything before it."""
    grad = view.series("grad_norm")
    if grad is None or grad.n < POINTS:
        return Abstain("too few finite points")
    if view.points("policy/loss"):
        return Abstain("of a policy: where nothing is earned there is hardly a gradient, and the usual is no measure")
    if np.count_nonzero(grad.value == 0) > ZEROS * grad.n:
        return Abstain("batches that pull at nothing, as where margins are kept: there is no usual gradient")
    if piles := _piling(view, grad):
        return piles
    if _from_start(view, grad):
        return [_huge(view, grad)]
    if grad.value.max() <= TOGETHER * max(float(grad.value[:USUAL].min()), 1e-12):
        return []  # what is usual, and the start, are at least the lowest of the first points
    usual = _usual(grad)
    ratio = grad.value / np.maximum(usual, 1e-12)
    bar = np.where(_leaps(view, grad), TOGETHER, FACTOR)
    far = np.flatnonzero((ratio > bar) & (np.arange(grad.n) > 0))
    if not len(far):
        return _growing(view, grad, usual)
    step = float(grad.step[far[0]])
    return [
        view.finding(
            __name__, SEVERITY, "grad_norm", step, 0.85,
            f"the gradient leaps to {grad.value[far[0]]:.3g} at step {step:g}, {ratio[far[0]]:.0f} times the usual",
            ratio=(float(ratio[far[0]]), "1"), worst=(float(ratio.max()), "1"), points=(len(far), "points"),
            lr_ratio=(view.lr_change(step, max(1.0, view.at / 20)), "1"),
        )
    ]  # fmt: skip


def _from_start(view: View, grad: Series) -> bool:
    """Whether the first gradients are hundreds in length, of a loss that is a mean of a few nats."""
    first, loss = grad.value[: max(SOME, grad.n // EARLY)], view.loss
    return min(loss.n, grad.n) >= SOME and float(first.min()) > HUGE and 0 < loss.start < NATS


def _huge(view: View, grad: Series) -> Finding:
    first = median(grad.value[: max(SOME, grad.n // EARLY)])
    return view.finding(
        __name__, "warning", "grad_norm", float(grad.step[0]), 0.7,
        f"the gradient's norm is {first:.3g} from the first steps on, of a loss of {view.loss.start:.3g}",
        norm=(first, "1"), worst=(float(grad.value.max()) / first, "1"),
    )  # fmt: skip


def _leaps(view: View, grad: Series) -> NDArray[np.bool_]:
    """For each point of the gradient whether the loss, there or one point later, is far above its start. Shape (n,)."""
    loss = view.loss
    leaps = np.zeros(grad.n, dtype=np.bool_)
    if loss.n and loss.start > 0:
        at = np.searchsorted(loss.step, grad.step)
        high = np.append(loss.value > LEAP * loss.start, [False, False])
        leaps = high[at] | high[at + 1]
    return leaps


def _piling(view: View, grad: Series) -> list[Finding]:
    """A gradient that grows from the first step on, and goes on growing."""
    value, first = grad.value, float(grad.value[0])
    if grad.n < 2 * FIRST or first <= 0 or value[AT] < DOUBLED * first:
        return []
    if value[1] < AT_ONCE[0] * first or value[2] < AT_ONCE[1] * first:
        return []  # a net that wakes up slowly
    now = median(value[-FIRST // 2 :])
    rises = np.diff(value[:FIRST]) > 0
    if rises.mean() < UPWARDS or now < PILED * first or now < STAYS * value.max() or grad.trend(1.0)[1] < SURE:
        return []
    return [
        view.finding(
            __name__, SEVERITY, "grad_norm", float(grad.step[0]), 0.85,
            f"the gradient norm grows from the first step on, from {first:.3g} to {now:.3g}, as if gradients piled up",
            ratio=(now / first, "1"), worst=(float(value.max()) / first, "1"), piles=(1.0, "1"),
        )
    ]  # fmt: skip


def _growing(view: View, grad: Series, usual: Floats) -> list[Finding]:
    """A gradient that grows step by step to many times what it was."""
    begin = max(grad.start, 1e-12)
    high = np.flatnonzero(usual > GROWTH * begin)
    if not len(high) or grad.end < GROWTH / 2 * begin:
        return []
    step = float(grad.step[high[0]])
    return [
        view.finding(
            __name__, SEVERITY, "grad_norm", step, 0.8,
            f"the gradient norm has grown from {grad.start:.3g} to {grad.end:.3g}",
            ratio=(grad.end / begin, "1"), worst=(float(grad.value.max()) / begin, "1"),
        )
    ]  # fmt: skip


def _usual(grad: Series) -> Floats:
    """For each point the highest block median before it; for the points of the first block the lowest one so far.

    A run may begin with a gradient a hundred times what it comes to.
    """
    size = min(USUAL, max(1, grad.n // 2))
    medians = np.maximum.accumulate(block_medians(grad.value, size))
    first = grad.n % size
    before = np.repeat(np.concatenate([[0.0], medians])[:-1], size)
    lowest = min(float(grad.value[0]), median(grad.value[:USUAL]))
    usual: Floats = np.maximum(np.concatenate([np.zeros(first), before]), lowest)
    usual[1:size] = np.maximum(usual[1:size], np.minimum.accumulate(grad.value)[: size - 1])
    return usual
