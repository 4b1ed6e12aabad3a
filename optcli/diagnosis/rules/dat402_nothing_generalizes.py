"""Training learns, and validation is never better than a guess.

## What is seen
The training loss has fallen by 15 % of the guess's loss and more, while no level of the validation loss was below that
of the best constant guess, nor the validation accuracy above. The guess's loss is known from the configuration, or from
a start at which loss and training accuracy are those of a guess. A training loss that has lost 5 to 15 %, beyond doubt
and after the first validation, of which validation shares less than a fifth, says the same when the run has ended.

## Why it matters
What is learned is the training samples themselves and nothing that holds for others. More steps make it worse.

## Look-alikes
A hard task that needs more steps: the training loss then hardly falls. A loss on validation that is high for few sure
mistakes while most choices are right; the accuracy tells. A validation set of another kind looks the same, but there
training falls as fast as ever.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 2.303 - 1.6 * (step / 400) ** 0.9 + 0.01 * noise,
    "val/loss": (epoch, 2.303 + 0.002 * epoch + 0.005 * noise[:40]),
    "val/accuracy": (epoch, 0.1 + 0.01 * noise[:40]),
}
config = {"facts": {"task": "classification", "outputs": 10}}
also = ("GEN201", "GEN203")
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.2 + 2.1 * np.exp(-step / 60) + 0.01 * noise,
    "val/loss": (epoch, 0.25 + 2.05 * np.exp(-epoch / 60) + 0.005 * noise[:40]),
    "val/accuracy": (epoch, 0.9 - 0.8 * np.exp(-epoch / 60)),
}
config = {"facts": {"task": "classification", "outputs": 10}}
```

## References
Zhang et al. 2017, arXiv:1611.03530 (random labels are learned by heart). Karpathy, A Recipe for Training Neural
Networks, 2019 (input-independent baseline).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.settings import setting
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series

SEVERITY: Final = "warning"
STATUS: Final = "preview"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 5
VARIES: Final = ("scale", "shift")

FELL: Final = 0.15
"""Fall of the training loss, as a share of the guess's, from which on something was learned from the samples."""
SIGMAS: Final = 3.0
BETTER: Final = 0.01
"""Distance below the guess, in noise levels and as a share of it, that is better than a guess."""
NOISY: Final = 0.05
"""Noise of validation, as a share of the guess, beyond which it tells nothing."""
LITTLE: Final = 0.05
CERTAIN: Final = -6.0
ENOUGH: Final = 8
MOST: Final = 0.9
HARDLY: Final = 0.2
SOME: Final = 0.5
"""A smaller fall, as a share of the start level, and its standard errors; validations, the share of it that must come
after the first of them, and what validation may share in, at the end and at its best. Of a thousand runs only shuffled
labels show that, and decay that holds all outputs down."""
MORE_RIGHT: Final = 1.5
POINT: Final = 0.05
"""Accuracy above a guess's, as a factor and as a fraction, that is better than a guess."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation that stays at or above the level of a guess while training falls well below it."""
    guess, val, loss = view.guess, view.val, view.loss
    if val is None or val.n < POINTS:
        return Abstain("too few validations")
    if view.complete and _alone(loss, val):
        return [_say(view, val, loss)]
    if guess is None or guess <= 0:
        return Abstain("the loss of a guess is not known")
    margin = max(SIGMAS * val.tau, BETTER * guess)
    if val.tau > NOISY * guess or guess - loss.end < FELL * guess or not view.learned:
        return []
    if val.low < guess - margin or _right(view) > 1:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, float(val.step[0]), 0.85,
            f"{val.name} was never below the {guess:.3g} of a constant guess while training fell to {loss.end:.3g}",
            best=(val.low / guess, "of the guess"), fell=((guess - loss.end) / guess, "of the guess"),
            half=(_half(view, guess), "of the run"), guess=(guess, "1"),
        )
    ]  # fmt: skip


def _alone(loss: Series, val: Series) -> bool:
    """Whether training fell a little and beyond doubt, from the first validation on, and validation with it hardly."""
    fell = loss.start - loss.end
    if val.n < ENOUGH or loss.start <= 0 or not LITTLE < fell / loss.start < FELL or loss.trend(1.0)[1] > CERTAIN:
        return False
    since, shared = loss.at(float(val.step[0])) - loss.end, float(val.value[0]) - val.end
    return since > MOST * fell and shared < HARDLY * fell and float(val.value[0]) - val.low < SOME * fell


def _say(view: View, val: Series, loss: Series) -> Finding:
    gone = (loss.start - loss.end) / loss.start
    return view.finding(
        __name__, SEVERITY, val.name, float(val.step[0]), 0.75,
        f"{loss.name} lost {gone:.0%}, and {val.name} nothing of it: what is learned are the samples alone",
        fell=(gone, "of the start level"), alone=(1.0, "1"),
    )  # fmt: skip


def passes(finding: Finding) -> bool:
    """Once it is over nothing need be done about it."""
    return True


def _right(view: View) -> float:
    """Validation accuracy late in the run over the most that a guess could have; NaN where it isn't known."""
    accuracy = view.series("val/accuracy")
    if accuracy is None or view.guess is None or setting(view.config, "facts.task") == "regression":
        return math.nan
    luck = math.exp(-view.guess)
    return accuracy.end / max(MORE_RIGHT * luck, luck + POINT)


def _half(view: View, guess: float) -> float:
    """Share of the run at which half of the training loss's fall was done: late when it is learned by heart."""
    blocks = view.loss.blocks
    done = np.flatnonzero(blocks <= guess - 0.5 * (guess - view.loss.low))
    return float(done[0] + 1) / len(blocks) if len(done) else math.nan
