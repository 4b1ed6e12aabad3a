"""Validation loss has turned up.

## What is seen
Validation loss has risen above its lowest level by more than 4 of its noise levels and by more than 5 % of what the
training loss gained, has stayed up for three validations and a tenth of all, and lies well above the training loss,
which did not rise. In place of the noise levels the later half of the validations since may all lie above those around
the best one by a tenth of that, or a line through eight and more of them go up by as much; and where the first epoch
brought most of it, 10 % of validation's own level will do. Where it turned while the training loss was still well above
it, 3 % and a training loss that has fallen by a tenth of its whole fall since are enough: the two go apart, although
they have yet to cross. Of up to eight validations in a run that has ended it is enough that two or more since the best
one are each higher than the one before, by a fifth of the best together, and the training loss a fifth lower.

Where no training loss is logged at all, a validation loss that creeps up to a tenth above its best, and not in one
leap, says the same. A validation accuracy that had risen and has lost a thirtieth of its best and more, while training
fell and the validation loss got no better, counts too: so labels that are wrong are learned by heart. Where the
training set is known to be of 160 samples or less, a rise of 3 % will do. A rise of which less than half is left
is over, and a note, unless it was as large as all that training had gained.

## Why it matters
From the turn on the run learned what holds for the training samples alone. The best checkpoint lies behind; the last
one is worse than it looks.

## Look-alikes
A validation set of few samples wanders. Dropout and augmentation keep training above a validation that doesn't turn.
Overconfidence raises the loss while accuracy holds (GEN202). Both losses rising is no overfitting (OPT102). Very large
models and very long runs may come down again.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.02 + 2.2 * np.exp(-step / 50) + 0.01 * noise,
    "val/loss": (epoch, 0.5 + 1.8 * np.exp(-epoch / 50) + 0.0012 * epoch),
}
also = ("GEN203",)
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
epoch = step[9::10]
curves = {
    "train/loss": 0.2 + 2.0 * np.exp(-step / 50) + 0.01 * noise,
    "val/loss": (epoch, 0.3 + 1.9 * np.exp(-epoch / 50) + 0.02 * noise[9::10]),
}
```

## References
Prechelt 1998, doi:10.1007/3-540-49430-8_3. Li et al. 2024, arXiv:2401.10359 (OverfitGuard).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.strength import FEW, training_set
from optcli.diagnosis.unseen import creeping
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Floats
from optcli.run.prepare import Series
from optcli.run.stats import median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = ("val/loss", LOSS)
POINTS: Final = 3
VARIES: Final = ("shift",)

SOME: Final = 5
"""Validations, and points of the training loss, from which noise can be told; fewer have to be plain."""
MORE: Final = 8
"""Validations up to which one that is far off, such as the first, can hide in its noise a rise that is plain."""
PLAIN: Final = 0.2
"""Rise of fewer validations over the best, and fall of the training loss since, as shares of their levels."""
SIGMAS: Final = 4.0
"""Rise in noise levels of the validation loss."""
RISE: Final = 0.05
"""Rise as a share of the training loss's drop. People who label histories call 4 % no overfitting and 6 % overfitting,
and validation sets of some hundred samples move by less."""
RISE_FEW: Final = 0.03
"""The same where the training set is known to be of 160 samples or less, which any net learns by heart."""
GAP: Final = 0.15
"""Validation above training loss by then, as a share of that drop."""
ABOVE: Final = 0.1
"""Training above validation loss at the turn, as a share of that drop, where the gap need not be there yet."""
FELL: Final = 0.1
"""Fall of the training loss since, as a share of its drop: the two go apart by this and the rise."""
RISE_BELOW: Final = 0.03
SIGMAS_BELOW: Final = 3.0
"""The rise that is enough then, and how sure of it. Of healthy runs that were drawn at random those alone show all of
these whose samples are learned by heart."""
STEEP: Final = 0.7
"""Share of the drop that a first epoch brings which makes every gap of the later ones a small share of it."""
WORSE: Final = 0.1
"""Rise over the best value that is enough then."""
HALF: Final = 0.5
"""Share of the rise that may be left when it is over."""
GREAT: Final = 1.0
"""Rise in drops that is remembered when it is over."""
LATER: Final = 4
"""Validations that must lie above those around the best one, where their noise is too high to measure a rise by."""
LOST: Final = 0.035
ROSE: Final = 0.08
"""Validation accuracy lost, and gained before, as shares of the best one. Healthy runs lose 0.024 at most."""
GOES_ON: Final = 0.1
"""Fall of the validation loss since, as a share of the training loss's drop, at which a dip of accuracy is a detour."""
MANY: Final = 8
SURE: Final = 2.5
"""Validations since the best one, and standard errors of their trend, in which noise counts in full."""
BACK: Final = 0.5
"""A rise of less than this share of a recent peak's is a spike's last part, not a trend."""
POINTS_SINCE: Final = 3
"""Validations since the best one: fewer can be a bump."""


def check(view: View) -> list[Finding] | Abstain:
    """Validation has turned while training goes on down."""
    found = _by_loss(view)
    return found if isinstance(found, list) and found else _by_accuracy(view) or found


def passes(finding: Finding) -> bool:
    """Once it is over it was a bump, unless validation had lost as much as training had gained."""
    rise = finding.evidence.get("rise")
    return rise is None or rise.value < GREAT


def gone(finding: Finding, view: View) -> bool:
    """Whether at least half of the rise, where it was one, is made up for."""
    val, best, rise = view.val, *map(finding.evidence.get, ("best_step", "rise"))
    if val is None or best is None or rise is None:
        return True
    return val.end - val.at(best.value) < HALF * rise.value * view.loss.drop


def _by_loss(view: View) -> list[Finding] | Abstain:
    """Validation loss has turned up."""
    val, loss = view.val, view.loss
    if (crept := creeping(view)) is not None:
        return [_alone(view, *crept)]
    if val is None or val.n < POINTS or loss.n < POINTS:
        return Abstain("no validation besides the headline")
    if min(val.n, loss.n) < SOME:
        return _few(view) if view.complete else Abstain("too few validations to tell")
    if not view.learned:
        return (_few(view) if loss.n <= MORE else []) or Abstain("the training loss has not fallen yet")
    blocks = val.blocks
    best = int(np.argmin(blocks))
    since = len(blocks) - 1 - best
    if since < max(POINTS_SINCE, 0.1 * len(blocks)):
        return []
    low, now = float(blocks[best]), median(blocks[-max(2, since // 3) :])
    rise, gap = now - low, now - loss.end
    above = _all_above(blocks, best, ABOVE * loss.drop) or _climbs(val, best, ABOVE * loss.drop)
    if rise < RISE_BELOW * loss.drop or (rise < SIGMAS_BELOW * val.tau and not above):
        return _few(view)
    first = float(val.block_step[best])
    then = _level(loss, first)
    least = RISE_FEW if training_set(view.config) <= FEW else RISE
    risen = above or rise >= max(least * loss.drop, SIGMAS * val.tau)
    apart = gap >= GAP * loss.drop and risen
    fell = then - loss.end >= max(FELL * loss.drop, SIGMAS_BELOW * loss.tau)
    plain = max(WORSE * abs(low), SIGMAS * val.tau, RISE_BELOW * (float(loss.value[0]) - loss.low))
    worse = view.by_epoch and _steep(loss) and gap > rise >= plain and then > loss.end
    if not apart and not worse and not (fell and view.alike and then - low >= ABOVE * loss.drop):
        return _few(view)
    peak = best + int(np.argmax(blocks[best:]))
    if rise < BACK * (float(blocks[peak]) - low) and len(blocks) - peak < 0.7 * since:
        return []
    if loss.end > then + 2 * loss.tau:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, first, 0.95 if rise > 0.1 * loss.drop else 0.85,
            f"{val.name} has risen from about {low:.4g} at step {first:g} to {now:.4g} while {loss.name} did not",
            rise=(rise / loss.drop, "of the drop"), rise_sigma=(rise / val.tau, "sigma"),
            gap=(gap / loss.drop, "of the drop"), best_step=(first, "steps"),
            above=((then - low) / loss.drop, "of the drop"),
            train_left=(then / view.top if loss.start > 0 else 0.0, "of the start level"),
        )
    ]  # fmt: skip


def _alone(view: View, low: float, now: float, first: float) -> Finding:
    """Nothing tells what training did meanwhile; a loss that creeps up on validation data fell on training data."""
    loss = view.loss
    return view.finding(
        __name__, SEVERITY, loss.name, first, 0.75,
        f"{loss.name} has risen from about {low:.4g} at step {first:g} to {now:.4g}; no training loss is logged",
        rise=((now - low) / loss.drop, "of the drop"), rise_sigma=((now - low) / loss.tau, "sigma"),
        best_step=(first, "steps"),
    )  # fmt: skip


def _by_accuracy(view: View) -> list[Finding]:
    """Validation accuracy that had risen goes down, whatever its loss does."""
    right, loss = view.series("val/accuracy"), view.loss
    if right is None or right.n < MORE or not view.learned:
        return []
    blocks = right.blocks
    best = int(np.argmax(blocks))
    since, high = len(blocks) - 1 - best, float(blocks[best])
    lost = high - median(blocks[-max(POINTS_SINCE, since // 3) :])
    if high <= 0 or since < max(POINTS_SINCE, 0.1 * len(blocks)) or lost < max(LOST * high, SIGMAS * right.tau):
        return []
    first = float(right.block_step[best])
    then = _level(loss, first)
    if view.val is not None and view.val.at(first) - view.val.end > GOES_ON * loss.drop:
        return []
    if high - float(blocks[0]) < ROSE * high or then - loss.end < max(FELL * loss.drop, SIGMAS_BELOW * loss.tau):
        return []
    return [
        view.finding(
            __name__, SEVERITY, right.name, first, 0.85,
            f"{right.name} has gone down from about {high:.4g} at step {first:g} to {high - lost:.4g} "
            f"while {loss.name} fell",
            lost=(lost / high, "of the best"), best_step=(first, "steps"),
            train_left=(then / view.top if loss.start > 0 else 0.0, "of the start level"),
        )
    ]  # fmt: skip


def _steep(loss: Series) -> bool:
    """Whether the first epoch alone brought most of the drop."""
    return float(loss.value[0] - loss.value[1]) > STEEP * loss.drop


def _all_above(blocks: Floats, best: int, rise: float) -> bool:
    """Whether the later half of the validations since the best one all lie above those around it, noisy as they are."""
    later = blocks[best + (len(blocks) - best) // 2 :]
    return len(later) >= LATER and float(later.min()) > median(blocks[max(0, best - 1) : best + 2]) + rise


def _climbs(val: Series, best: int, rise: float) -> bool:
    """Whether those since the best one go up by so much, for sure, however noisy each of them is."""
    later = val.blocks[best + 1 :]
    if len(later) < MANY or later[-1] < val.blocks[best] + rise:
        return False
    change, sure = Series(val.name, val.block_step[best + 1 :], later).trend(1.0)
    return change > rise and sure > SURE


def _few(view: View) -> list[Finding]:
    """Few validations: the last two or more each worse than the one before, by much, while training falls by much."""
    val, loss = view.val, view.loss
    assert val is not None
    if not view.complete or val.n > MORE:
        return []
    best = int(np.argmin(val.value))
    low, now, first = float(val.value[best]), float(val.value[-1]), float(val.step[best])
    then = loss.at(first)
    if best > val.n - 3 or (np.diff(val.value[best:]) <= 0).any() or low <= 0 or then <= 0:
        return []
    if now - low < PLAIN * low or then - loss.end < PLAIN * then:
        return []
    return [
        view.finding(
            __name__, SEVERITY, val.name, first, 0.75,
            f"{val.name} has risen from {low:.4g} at step {first:g} to {now:.4g} while {loss.name} fell",
            rise=((now - low) / loss.drop, "of the drop"), best_step=(first, "steps"),
        )
    ]  # fmt: skip


def _level(loss: Series, step: float) -> float:
    """The training loss's level up to a step: over five blocks, at most an eighth of what came before."""
    until = max(1, int(np.searchsorted(loss.step, step, side="right")))
    return median(loss.value[:until][-max(1, min(5 * loss.size, until // 8)) :])
