"""The loss is still what it was at the start.

## What is seen
After 40 points (6 of a log by epoch) the level has fallen by less than 1 % of the start level without any sign of a
fall, after 160 points by less than 3 %. A validation loss that is the same to the last digit three times over says it
at once. A run that began far above the level of a guess among classes is measured from that level, where the recipe
tells it or a training accuracy that is low and doesn't rise. Nothing is said during a warm-up, or of a log that begins
in the middle of a run. A loss that is exactly 0, or one number with a gradient of 0, and an accuracy that is one number
in six validations while nothing is learned, are told as well; so is one of exactly one class in so many, with that of
training beside it, though the loss falls. Without a training accuracy five validations of one low accuracy do, eight
where the loss falls. Of a log that begins in the middle it is said where loss and accuracy are those of equal odds for
all classes; and at the end, where batches scatter too much, of ten validations within 3 % of the first. So is a whole
run whose accuracy is that of a guess among k classes in every point while no loss is ever below ln(k), from wherever it
came, and one whose accuracy is the same p of more than a half in all validations while their loss came down to the
entropy of two classes of these shares and no further: nothing else is known. So is any score on validation data, if
no other moves, that is one number below 0.9 in eight validations and more, whose loss hasn't come down by a fifth since
the first. A whole run that has lost less than 9 %, in a line that doesn't bend, only crawls (not of text or of a net
that was trained before). Of a plan of fewer than 40 optimizer steps nothing is said.

## Why it matters
The run learns nothing. Something that is easy to find is wrong, and no number of steps will repair it.

## Look-alikes
Some nets begin with a flat stretch and then fall; the later limits give them time, as does a plan's first seventh.
Noisy batches hide a small fall: they are given more points. A loss that leapt up first and then settled at this level
has collapsed: the learning rate was far too high, see the figure `peak`. A small fall that is certain means a rate too
low.

## Example
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 2.303 + 0.01 * noise}
```

## Healthy
```python
import numpy as np

noise = np.random.default_rng(0).normal(size=400)
step = np.arange(400)
curves = {"train/loss": 0.2 + 2.1 / (1 + np.exp((step - 100) / 20)) + 0.01 * noise}
```

## References
Karpathy, A Recipe for Training Neural Networks, 2019. Wellek 2010, Testing Statistical Hypotheses of Equivalence.
"""

from __future__ import annotations

import math
from typing import Final, cast

import numpy as np

from optcli.diagnosis import answers, stages, stillness
from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.sameness import TIMES, unchanging
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series

SEVERITY: Final = "error"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 5
CONSTANT: Final = True
VARIES: Final = ("scale", "shift", "steps")

FEWEST: Final = 6
"""Points of a loss that can be judged by itself."""
FALL_EARLY: Final = 0.012
FALL_END: Final = 0.05
"""Shares of the start level. Nets that learn at all have lost 2 to 3 % by the 50th step and more by the 160th."""
NOISE_EARLY: Final = 0.01
NOISE_LATE: Final = 0.05
"""Noise of a block, in start levels, beyond which so small a fall can't be told."""
FALLING: Final = -3.0
"""Standard errors: a fall that is this sure gets more time while it may speed up."""
FALLING_EARLY: Final = -1.5
"""Early on, the mere hint of a fall gets more time."""
HINT: Final = -2.0
"""Later, too, where the fall is more than one that is let pass early."""
FALL_SURE: Final = 0.015
"""What such a fall must bring late in a run whose length is not known."""
BAND: Final = 0.2
WITHIN: Final = 0.7
"""Share of blocks from `FALL_LATE` below to `BAND` above the start level: one that came and went is another case."""
VALIDATIONS: Final = 4
"""Validations from which their fall can be told."""
WANDERS: Final = 2.0
"""Standard deviation of blocks over the noise from one to the next: about 1 where each is drawn anew."""
STILL: Final = 8
"""Points that are the same number, beyond chance."""
CRAWLS: Final = -6.0
"""Standard errors of the fall of a validation loss whose accuracy stands still: it crawls, and is not cut off."""
THROWN: Final = 2.0
"""Times a guess's loss beyond which a run was thrown there; less is how weights begin."""
COLLAPSE: Final = -0.3
"""A rise by more than this share of the start level is a divergence."""
GAINED: Final = 0.8
"""Share of its first value above which a validation loss has hardly come down, beside a score that never changes."""


def check(view: View) -> list[Finding] | Abstain:
    """The level now is the level at the start, or else validation is what it was."""
    found = _by_training(view)
    unsaid = isinstance(found, Abstain) or not found
    if not unsaid or not view.complete:
        return found
    if (guess := answers.never_better(view)) is not None:
        return [_say_guess(view, *guess)]
    if (same := answers.by_prior(view)) is not None:
        return [_say_one(view, same)]
    if (same := _one_score(view)) is not None:
        return [_say_one(view, same, moved=True)]
    return [_say_unmoved(view)] if stillness.unmoved(view) else _crawling(view) or found


def _by_training(view: View) -> list[Finding] | Abstain:
    """The level of the training loss now is that at the start."""
    loss = view.loss
    if (still := _still(view) or _one_answer(view)) is not None:
        return [still]
    if loss.n < FEWEST:
        return Abstain("too few finite points")
    if view.warm is not None and view.at < 3 * view.warm:
        return Abstain("warm-up has just ended or still goes on")
    if loss.start <= 0:
        return Abstain("a loss at or below 0 has no chance level")
    if loss.late:
        return _guessing(view) or Abstain("the log begins in the middle of a run")
    stage = stages.stage(view)
    frozen = stillness.frozen(view)
    if not stage and not frozen:
        return Abstain("too early")
    late = stage != "early"
    start = answers.untrained(view) if late else loss.start
    if start == loss.start and view.by_epoch:
        start = answers.first_epoch(loss)
    z = loss.trend(1.0 if start == loss.start else WITHIN)[1]
    falling = z < (FALLING if late else FALLING_EARLY)
    fall, best, noise = (start - loss.end) / start, (start - loss.low) / start, loss.tau / start
    if _learns(view, start, fall, falling, late):
        return []
    most = FALL_EARLY if not late else FALL_SURE if falling and stage == "late" else stages.FALL_LATE
    if view.complete:
        most = FALL_END
    if noise > (NOISE_LATE if late else NOISE_EARLY) and not frozen:
        return Abstain("too noisy to tell")
    if not frozen and (not COLLAPSE < fall < most or best > 1.5 * most + 2 * noise or (not late and falling)):
        return []
    within = np.mean((loss.blocks > (1 - 2 * most) * start - loss.tau) & (loss.blocks < (1 + BAND) * start))
    if within < WITHIN and not frozen:
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(loss.step[0]), 0.9 if late else 0.75,
            f"{loss.name} is still {loss.end:.4g} after {loss.n} points; an untrained model's is {start:.4g}",
            fall=(fall, "of the start level"), start=(start, "1"), noise=(noise, "of the start level"),
            trend=(z, "sigma"), peak=(float(loss.blocks.max()) / start, "of the start level"),
            frozen=(float(frozen), "1"), val_trend=(view.val.trend(1.0)[1] if view.val else math.nan, "sigma"),
            over_chance=(loss.end / view.chance if view.chance else math.nan, "1"), **_gradient(view),
        )
    ]  # fmt: skip


def passes(finding: Finding) -> bool:
    """Once it is over nothing need be done about it."""
    return True


def _still(view: View) -> Finding | None:
    """A loss that is the same number in every point, and a gradient of nothing if it is logged."""
    loss, grad = view.loss, view.series("grad_norm")
    if loss.n < STILL or np.ptp(loss.value) > 0 or (grad is not None and float(np.abs(grad.value).max()) > 0):
        return None
    if grad is None and loss.end != 0:
        return None  # few digits may hide a slow fall
    return view.finding(
        __name__, SEVERITY, loss.name, float(loss.step[0]), 0.9,
        f"{loss.name} is {loss.end:g} in all of {loss.n} points: nothing reaches the loss",
        frozen=(1.0, "1"), noise=(0.0, "of the start level"),
    )  # fmt: skip


def _one_answer(view: View) -> Finding | None:
    unseen = answers.constant(view)
    return None if unseen is None else _say_one(view, unseen)


def _one_score(view: View) -> Series | None:
    """A score that never changes, of whatever name, where validation has hardly come down since the first time."""
    val = view.val
    if val is None or val.n < TIMES or not 0 < float(val.value[0]) * GAINED < val.end:
        return None
    return unchanging(view.roles, view.series)


def _say_one(view: View, unseen: Series, *, moved: bool = False) -> Finding:
    loss, val = view.loss, view.val
    sinks = val.trend(1.0)[1] if val is not None else 0.0
    fall = (loss.start - loss.end) / loss.start if loss.start > 0 else 0.0
    return view.finding(
        __name__, SEVERITY, unseen.name, float(unseen.step[0]), 0.85,
        f"{unseen.name} is {unseen.value[0]:.4g} in all of {unseen.n} validations: one answer is given to everything",
        frozen=(float(sinks > CRAWLS and not moved), "1"), noise=(0.0, "of the start level"),
        fall=(fall, "of the start level"), val_trend=(sinks, "sigma"),
    )  # fmt: skip


def _say_guess(view: View, accuracy: Series, many: int) -> Finding:
    loss, guess = view.loss, math.log(many)
    high = float(loss.value.max()) / guess
    return view.finding(
        __name__, SEVERITY, accuracy.name, float(accuracy.step[0]), 0.9,
        f"{accuracy.name} is that of a guess among {many} in all of {accuracy.n} points, and no loss was ever below "
        f"such a guess's ({guess:.4g})",
        start=(guess, "1"), trend=(loss.trend(1.0)[1], "sigma"), peak=(high if high > THROWN else 1.0, "of a guess's"),
        over_chance=(loss.end / guess, "1"), noise=(0.0, "1"),
    )  # fmt: skip


def _say_unmoved(view: View) -> Finding:
    loss, val = view.loss, cast(Series, view.val)
    return view.finding(
        __name__, SEVERITY, val.name, float(val.step[0]), 0.8,
        f"{val.name} is {val.end:.4g} after {val.n} validations and was {val.value[0]:.4g} at the first",
        fall=(1 - val.end / float(val.value[0]), "of the first"), trend=(loss.trend(1.0)[1], "sigma"),
        peak=(float(loss.blocks.max()) / loss.start, "of the start level"), noise=(loss.sigma / loss.start, "of it"),
        val_trend=(val.trend(1.0)[1], "sigma"),
    )  # fmt: skip


def _crawling(view: View) -> list[Finding]:
    loss, val = view.loss, view.val
    if not stillness.crawls(view):
        return []
    return [
        view.finding(
            __name__, "warning", loss.name, float(loss.step[0]), 0.75,
            f"{loss.name} is {loss.end:.4g} at the end and was {loss.start:.4g} at the start: it only crawls",
            fall=(1 - loss.end / loss.start, "of the start level"), trend=(loss.trend(1.0)[1], "sigma"),
            peak=(1.0, "of the start level"), val_trend=(val.trend(1.0)[1] if val else math.nan, "sigma"),
        )
    ]  # fmt: skip


def _guessing(view: View) -> list[Finding]:
    """What a piece from the middle of a run can show of it."""
    loss, guess = view.loss, answers.equal_odds(view)
    if guess is None:
        return []
    return [
        view.finding(
            __name__, SEVERITY, loss.name, float(loss.step[0]), 0.75,
            f"{loss.name} is {loss.end:.4g} and the accuracy no better than equal odds for every class",
            start=(guess, "1"), trend=(loss.trend(1.0)[1], "sigma"),
        )
    ]  # fmt: skip


def _learns(view: View, start: float, fall: float, falling: bool, late: bool) -> bool:
    """Signs of learning that the level of the training loss alone doesn't show.

    A validation loss that has fallen; a fall that is certain and, carried on to the end of the plan, brings enough; a
    level that wanders, early on, more than its blocks are noisy, as in a smoothed log that has hardly begun.
    """
    val, blocks = view.val, view.loss.blocks
    enough = val is not None and val.n >= VALIDATIONS
    if (
        val is not None
        and enough
        and val.trend(1.0)[1] < FALLING
        and min(val.start, start) - val.end > stages.FALL_LATE * start
    ):
        return True
    if falling and view.share < stages.DONE and fall > FALL_END * view.share:
        return True
    if late and not view.share >= stages.DONE and fall > FALL_EARLY and view.loss.trend(1.0)[1] < HINT:
        return True
    return not late and float(np.std(blocks)) > WANDERS * view.loss.tau


def _gradient(view: View) -> dict[str, tuple[float, str]]:
    grad, lr = view.series("grad_norm"), view.series("lr")
    figures: dict[str, tuple[float, str]] = {}
    if grad is not None:
        figures["grad_norm"] = (grad.end, "1")
        figures["grad_ratio"] = (grad.end / grad.start if grad.start > 0 else math.nan, "1")
    if lr is not None:
        figures["lr"] = (lr.end, "1")
        figures["lr_peak"] = (float(lr.value.max()), "1")
    return figures
