"""Training loss stays high, well above validation loss.

## What is seen
At the end the training loss is above the validation loss by more than 15 % of the start level, was so for the later
half of the run, and more than six tenths of the start level are left of it. While both still fall, nothing is said.
Where four tenths are left and 22 % lie between them it is a note. Where accuracies are in the log, validation must be
better by them as well; of a net that is known to have been trained before nothing is said.

## Why it matters
What is done to the training batches alone (dropout, augmentation, mixed or smoothed labels) makes them so hard that
the model can't learn them; validation doesn't suffer that and shows what is possible. So do training labels that are
wrong, where those of the validation set are right.

## Look-alikes
A little of it is what regularization looks like. A training loss averaged over a whole epoch lags half an epoch
behind. Class weights and smoothing put the two losses on different scales; a training loss that is twice the first
validation and more is a sum of several losses or a distillation's, and isn't compared.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 1.7 + 0.6 * np.exp(-step / 60) + 0.03 * noise,
    "val/loss": (epoch, 0.9 + 1.4 * np.exp(-epoch / 60)),
}
config = {"facts.task": "classification", "facts.outputs": 10}
also = ("GEN204",)
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.5 + 1.8 * np.exp(-step / 90) + 0.03 * noise,
    "val/loss": (epoch, 0.3 + 2.0 * np.exp(-epoch / 90)),
}
```

## References
Srivastava et al. 2014, JMLR 15:1929. Goodfellow, Bengio and Courville, Deep Learning, chapter 7.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.strength import mixed, tuned
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import whole

SEVERITY: Final = "warning"
STATUS: Final = "preview"
NEEDS: Final = (LOSS, "val/loss")
POINTS: Final = 12
AT_END: Final = True
VARIES: Final = ("shift",)

ABOVE: Final = 0.15
"""Training above validation loss at the end, as a share of the start level."""
LEFT: Final = 0.6
"""Share of the start level that is left of the training loss: smoothed labels keep half of it, and some more."""
ABOVE_MIXED: Final = 0.22
LEFT_MIXED: Final = 0.4
"""The same for a note: more is left by mixed and cut pictures, and by wrong labels."""
PART: Final = 0.4
GOES_ON: Final = 0.1
SURE: Final = -4.0
"""Fall of both losses over this last part of the run, each as a share of its drop, and standard errors of the training
loss's: then nothing stays. Mixed and cut pictures keep the training loss high in runs that go well."""
RIGHT: Final = 0.05
"""Accuracy by which validation must be better than training, too, where both are in the log."""
STEADY: Final = 0.9
"""Share of the later validations that lie below the training loss."""


def check(view: View) -> list[Finding] | Abstain:
    """A training loss that stays high and well above validation."""
    loss, val = view.loss, view.val
    if val is None or val.n < 5 or loss.n < POINTS or loss.start <= 0:
        return Abstain("too few points, or no level to measure by")
    if loss.late:
        return Abstain("the log begins in the middle of a run")
    if not view.alike or _as_right(view):
        return Abstain("training loss and validation loss are not the same quantity")
    if tuned(view.config):
        return Abstain("of a net that was trained before the start level is no measure")
    if mixed(view.config):
        return Abstain("of blended samples the training loss has a floor of its own")
    later = val.value[val.n // 2 :]
    level = np.interp(val.step[val.n // 2 :], loss.block_step, loss.blocks)
    above, left = (loss.end - val.end) / loss.start, loss.end / loss.start
    plain = above >= ABOVE and left >= LEFT
    if not (plain or (above >= ABOVE_MIXED and left >= LEFT_MIXED)) or float(np.mean(later < level)) < STEADY:
        return []
    fall, sure = loss.trend(PART)
    if sure < SURE and fall < -GOES_ON * loss.drop and val.trend(PART)[0] < -GOES_ON * val.drop:
        return []
    why = "training is made too hard" if plain else "labels that are mixed, smoothed or wrong do that"
    return [
        view.finding(
            __name__, SEVERITY if plain else "info", loss.name, float(val.step[val.n // 2]), 0.8 if plain else 0.5,
            f"{loss.name} stays at {loss.end:.4g}, well above {val.name} at {val.end:.4g}: {why}",
            above=(above, "of the start level"), left=(left, "of the start level"),
        )
    ]  # fmt: skip


def _as_right(view: View) -> bool:
    """Whether as many answers are right in training as in validation: then nothing made training harder."""
    seen, unseen = view.series("train/accuracy"), view.series("val/accuracy")
    return seen is not None and unseen is not None and unseen.end - seen.end < RIGHT * whole(seen, unseen)
