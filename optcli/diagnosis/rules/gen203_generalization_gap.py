"""Validation loss lies far above training loss.

## What is seen
Over the last third of its points validation loss is above the training loss by a quarter of everything the training
loss has gained, beyond noise, and the gap isn't closing. Where the two fall side by side nothing is said, unless
validation ends above where training began. An eighth is enough where the training set is known to be of 160 samples or
less, next to nothing is left of the training loss, and validation stands still: then nothing more will come. A gap of
which less than half is left is over, and a note. The figure `val_fell` tells how far validation ever fell: a small one
points to data of another kind, a large one to learning by heart.

## Why it matters
What is learned doesn't carry over. A rise need not follow; the gap itself is the loss.

## Look-alikes
Training and validation losses that are weighted or averaged differently: where both fall side by side from the first
validation on, nothing is said. Dropout and augmentation make the gap smaller than it is. Some tasks are learned by
heart first and understood later (grokking): there the gap closes. Fine-tuning for a few passes learns some samples by
heart while validation holds: where little of the start level was gained, or the settings tell that the net had been
trained before (`pretrained`), the gap must be larger.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.1 + 2.2 * np.exp(-step / 50) + 0.01 * noise,
    "val/loss": (epoch, 1.4 + 0.9 * np.exp(-epoch / 50)),
}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.1 + 2.2 * np.exp(-step / 90) + 0.01 * noise,
    "val/loss": (epoch, 0.25 + 2.0 * np.exp(-epoch / 90)),
}
```

## References
Goodfellow, Bengio and Courville, Deep Learning, chapter 5. Power et al. 2022, arXiv:2201.02177 (grokking).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.strength import FEW, training_set, tuned
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series, whole

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 4
VARIES: Final = ("shift",)

EARLY: Final = 5
"""Validations below which nothing is said of a run that goes on."""
GAP: Final = 0.25
"""Validation above training loss, as a share of the training loss's drop: three times what most healthy runs show."""
GAP_FEW: Final = 0.12
CLOSING_FEW: Final = 0.05
NOTHING: Final = 0.05
"""This and `CLOSING` where few samples are known by heart: next to nothing of the start level is left of training."""
SIGMAS: Final = 6.0
FALLING: Final = -3.0
HALF: Final = 0.5
"""Share of the gap that may be left when it is over."""
CLOSING: Final = 0.15
"""Fall of the validation loss over its later half, as a share of the gap, that means the gap is closing."""
PARALLEL: Final = 0.7
"""Fall of the validation loss over that of the training loss from which they fall side by side."""
APART: Final = 0.3
"""The same over the later half, below which they do no more."""
TOLD: Final = 0.15
"""Fall of the training loss since the first validation, as a share of its drop, that is needed to tell."""
LEVEL: Final = 0.15
"""The gap as a share of the start level, so that small differences don't count while little has been learned."""
TIMES: Final = 3.0
BEHIND: Final = 0.15
"""Validation over training loss, and accuracy that it lacks, where the training loss's fall isn't in the log."""
KNOWN: Final = 0.9
"""Accuracy on training data from which they count as known by heart."""
TUNED: Final = 0.4
LEVEL_TUNED: Final = 0.22
LEVEL_KNOWN: Final = 0.5
HELD: Final = 0.1
"""The same where validation has not risen by `HELD` of the gain: where less than `TUNED` of the start level was gained,
since a few passes over the samples leave a fifth, and where the net is known to have been trained before."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation loss well above training loss, for at least the last third of its points."""
    val, loss = view.val, view.loss
    if val is None or val.n < POINTS or loss.n < POINTS:
        return Abstain("no validation besides the headline")
    if val.n < EARLY and not view.complete:
        return Abstain("too few validations: a gap at the start often closes")
    if not view.learned:
        return _far(view) or Abstain("the training loss has not fallen yet")
    if loss.end > loss.start - 0.5 * loss.drop:
        return []
    tail = val.tail(1 / 3)
    gap = float(tail.min()) - loss.end
    train_then, few = loss.at(float(val.block_step[-len(tail)])), _known_by_heart(view)
    if (
        gap < max((GAP_FEW if few else GAP) * loss.drop, (GAP_FEW if few else _level(view, val)) * abs(loss.start))
        or gap < SIGMAS * max(val.tau, loss.tau)
        or float(tail.min()) - train_then < 0.6 * GAP * loss.drop
    ):
        return []
    beside = not few and _parallel(loss, val)
    if beside and not (view.complete and gap > loss.drop):  # above where training began, to the end
        return []
    change, z = val.trend(0.5 if val.n >= 12 else 1.0)
    if z < FALLING and change < -(CLOSING_FEW if few else CLOSING) * gap:
        return []
    began = max(float(val.value[0]), loss.start)  # the first validation may come after a whole epoch
    best = float(val.value.min())
    return [
        view.finding(
            __name__, SEVERITY, val.name, float(val.block_step[-len(tail)]), 0.9,
            f"{val.name} is {val.end:.4g}, {loss.name} {loss.end:.4g}: {gap / loss.drop:.0%} of what was learned apart",
            gap=((val.end - loss.end) / loss.drop, "of the drop"),
            val_fell=((began - best) / loss.drop, "of the drop"),
            best_step=(float(val.step[int(val.value.argmin())]), "steps"),
            rise=((val.end - best) / loss.drop, "of the drop"),
        )
    ]  # fmt: skip


def passes(finding: Finding) -> bool:
    """Once it is over nothing need be done about it."""
    return True


def gone(finding: Finding, view: View) -> bool:
    """Whether at least half of the gap has closed."""
    val, gap = view.val, finding.evidence.get("gap")
    return val is None or gap is None or val.end - view.loss.end < HALF * gap.value * view.loss.drop


def _far(view: View) -> list[Finding]:
    """A part of a run in which nothing falls any more: the training set is known by heart, validation is far off."""
    val, loss = view.val, view.loss
    seen, unseen = view.series("train/accuracy"), view.series("val/accuracy")
    if val is None or seen is None or unseen is None or loss.end <= 0:
        return []
    all_right = whole(seen, unseen)
    behind, times = (seen.end - unseen.end) / all_right, float(val.tail(1 / 3).min()) / loss.end
    if behind < BEHIND or times < TIMES or seen.end < KNOWN * all_right:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, float(val.step[0]), 0.85,
            f"{val.name} is {val.end:.4g}, {loss.name} {loss.end:.4g}: {behind:.0%} fewer right on samples not seen",
            times=(times, "1"), behind=(behind, "of all samples"),
        )
    ]  # fmt: skip


def _level(view: View, val: Series) -> float:
    """Share of the start level that a gap must have."""
    loss = view.loss
    if val.end - val.low >= HELD * loss.drop:
        return LEVEL
    if tuned(view.config):
        return LEVEL_KNOWN
    return LEVEL_TUNED if loss.drop < TUNED * abs(loss.start) else LEVEL


def _known_by_heart(view: View) -> bool:
    """Whether a training set that is known to be of few samples has nothing left to teach."""
    loss = view.loss
    return training_set(view.config) <= FEW and loss.end < NOTHING * abs(loss.start)


def _parallel(loss: Series, val: Series) -> bool:
    """Whether the two have fallen side by side since the first validation: another unit, not another level of skill."""
    fell = loss.at(float(val.step[0])) - loss.end
    if fell <= TOLD * loss.drop or float(val.value[0]) - val.end <= PARALLEL * fell:
        return False
    middle = float(val.step[val.n // 2])
    lately = loss.at(middle) - loss.end
    return lately <= TOLD * loss.drop or val.at(middle) - val.end > APART * lately
