"""The loss is not in the range that the task allows.

## What is seen
One of two things. Nearly all answers are right and the loss, which began at ln(k) for k classes, lies flat at
ln(1 + (k - 1)/e) (1.46 for ten): the lowest that cross-entropy gives for outputs between 0 and 1. Severity `warning`.
Or the loss begins at three times the loss of a constant guess and more, ten times for regression: severity `info`.

## Why it matters
The first is what a softmax before a loss that has one of its own does: gradients are small where they should be large,
and the loss can't tell a good model from a perfect one. The second is a net whose first outputs are far too large, or
targets in other units than they should be; the first steps are spent on taking that back.

## Look-alikes
A floor by label smoothing is as flat, at this height only with more than half of the labels smoothed away. Loss that is
summed over positions or weighted is no mean over samples. A pretrained model begins below the guess, not above.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
fall = np.exp(-step / 30)
curves = {
    "train/loss": 1.465 + 0.838 * fall + 0.003 * noise,
    "train/accuracy": 0.99 - 0.89 * fall,
}
config = {"facts": {"task": "classification", "outputs": 10}}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
fall = np.exp(-step / 30)
curves = {
    "train/loss": 0.05 + 2.25 * fall + 0.003 * noise,
    "train/accuracy": 0.99 - 0.89 * fall,
}
config = {"facts": {"task": "classification", "outputs": 10}}
```

## References
Karpathy, A Recipe for Training Neural Networks, 2019 (verify the loss at initialization). PyTorch documentation,
CrossEntropyLoss (expects logits). Humbatova et al. 2020, arXiv:1910.11015 (wrong loss and wrong last activation).
"""

from __future__ import annotations

import math
from typing import Final

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.settings import setting
from optcli.diagnosis.view import LOSS, View

SEVERITY: Final = "warning"
STATUS: Final = "preview"
NEEDS: Final = (LOSS,)
POINTS: Final = 5
VARIES: Final = ("scale", "shift")

FEWEST: Final = 5
"""Classes: with fewer the floor is so low that smoothed labels reach it."""
RIGHT: Final = 0.95
"""Training accuracy at which a loss of one softmax is far below the floor of two."""
NEAR: Final = 0.05
"""Distance from what this accuracy gives at best: floor + 1 for each answer that is wrong."""
FLAT: Final = 0.05
"""Change over the last third of the run: a loss that only passes by goes on falling."""
SETTLED: Final = 40
"""Points before which a loss that stays can't be told from one that passes by."""
HIGH: Final = 3.0
HIGH_SQUARED: Final = 10.0
"""Times the guess's loss at the start, for logits and for squares of targets."""


def check(view: View) -> list[Finding] | Abstain:
    """A loss squeezed between two softmaxes, or one that begins far above a guess."""
    if view.loss.n < POINTS:
        return Abstain("too few finite points")
    return _squeezed(view) or _high(view)


def _squeezed(view: View) -> list[Finding]:
    """The number of classes is that of the configuration, or of which the start is the loss of a guess."""
    loss, accuracy = view.loss, view.series("train/accuracy")
    classes = round(math.exp(min(view.chance or loss.start, 20.0)))
    if setting(view.config, "facts.task") == "regression" or accuracy is None or classes < FEWEST:
        return []
    floor = math.log1p((classes - 1) / math.e)
    best = floor + (1 - accuracy.end)
    flat = loss.n >= SETTLED and abs(loss.trend(1 / 3)[0]) < FLAT
    if accuracy.end < RIGHT or not flat or abs(loss.end - best) > NEAR or loss.low < floor - NEAR:
        return []
    return [
        view.finding(
            __name__, "warning", loss.name, float(loss.step[0]), 0.9,
            f"{accuracy.end:.0%} of the answers are right and {loss.name} stays at {loss.end:.3g}: for {classes} "
            f"classes {floor:.3g} is the least with softmax applied twice",
            floor=(floor, "1"), accuracy=(accuracy.end, "1"), classes=(float(classes), "1"), twice=(1.0, "1"),
        )
    ]  # fmt: skip


def _high(view: View) -> list[Finding]:
    loss, guess = view.loss, view.guess
    if guess is None or guess <= 0:
        return []
    times = HIGH_SQUARED if setting(view.config, "facts.task") == "regression" else HIGH
    first = float(loss.value[0])
    if min(first, loss.start) < times * guess:
        return []
    return [
        view.finding(
            __name__, "info", loss.name, float(loss.step[0]), 0.8,
            f"{loss.name} begins at {first:.3g}; a constant guess has {guess:.3g}",
            over_guess=(first / guess, "1"), guess=(guess, "1"),
        )
    ]  # fmt: skip
