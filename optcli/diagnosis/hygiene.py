"""What a run's log itself has to say for or against being judged: notes of the RUN family, never findings.

A jump at a restart, a loss whose scale changed there, a log too short or too coarse, a metric that runs the wrong way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from optcli.diagnosis import errors, ladder
from optcli.run import notes as say
from optcli.run.curve import Curve, Note, Run
from optcli.run.prepare import Series
from optcli.run.stats import median, noise

GAME: Final = "networks learn by playing, or against each other: no loss that rises or falls says how well they do"
LEAST_POINTS: Final = 5
"""Below this many points of the headline curve nothing can be called healthy."""
NEAR: Final = 12
"""Points on either side of a restart whose levels are compared."""
FEWEST: Final = 4
"""Points that there must be on either side."""
SIGMAS: Final = 6.0
SHARE: Final = 0.1
"""A jump is so many noise levels, and this share of what the run had gained by then."""
TIMES: Final = 1.8
"""Factor of the level from which on a jump may be another scale: sums for means, accumulation, devices."""
WHOLE: Final = 0.06
"""Distance from a whole number, relative to it, up to which a factor is one."""
ALIKE: Final = 1.6
"""Factor between the relative noise before and after up to which it is the same, as it is when all is multiplied."""
COARSE: Final = 12
EVERY: Final = 100
"""Fewer points than these at more steps from each other than these show the outlines only."""
FLAT: Final = -3.0
"""Standard errors of the slope from which on a piece of a run is said to fall."""
LEAPT: Final = 1e3
"""Times its first value at which no loss lies flat."""
FELL: Final = 0.2
LOST: Final = 0.4
"""Fall of the validation loss and of the accuracy, each as a share of its start, that don't go together. With wrong
labels an accuracy may well lose a tenth while the loss gets less sure of its mistakes."""


def notes(run: Run) -> tuple[Note, ...]:
    """All notes on a run's log, besides those that its reader made."""
    by_score = errors.judged(run)
    if by_score is not run:
        head = ladder.headline(by_score)
        return (say.note(say.BY_SCORE, f"no loss in the log: {head.name} is judged"), *notes(by_score)) if head else ()
    curve = ladder.headline(run)
    if curve is None:
        return (say.note(say.TOO_SHORT, "no loss in the log: nothing to judge"),)
    if len(curve) < LEAST_POINTS:
        return (
            say.note(say.TOO_SHORT, f"{len(curve)} point{'s' * (len(curve) != 1)} of {curve.name}: too few to judge"),
        )
    if ladder.game(run):
        return (say.note(say.GAME, f"{GAME}; looked for are values that are not finite, and what steps cost"),)
    if window(run):
        what = f"the log begins at step {curve.step[0]:g} and {curve.name} is flat from there"
        return (
            say.note(say.TOO_SHORT, f"{what}: nothing tells whether it learned before"),
            *_seams(run, Series.of(curve)),
        )
    with np.errstate(all="ignore"):  # curves may hold anything
        return (*_coarse(run, curve), *_seams(run, Series.of(curve)), *_direction(run))


def window(run: Run) -> bool:
    """Whether the log is a flat piece from the middle of a run: done and stuck look alike there."""
    curve = ladder.headline(run)
    if curve is None or len(curve) < LEAST_POINTS or run.end == "running":
        return False
    loss = Series.of(curve)
    with np.errstate(all="ignore"):
        return loss.late and loss.trend(1.0)[1] > FLAT and not loss.end > LEAPT * abs(float(loss.value[0])) > 0


def _coarse(run: Run, curve: Curve) -> Iterator[Note]:
    apart = float(curve.step[-1] - curve.step[0]) / (len(curve) - 1)
    if run.axis == "step" and len(curve) < COARSE and apart >= EVERY:
        what = f"{len(curve)} points of {curve.name}, {apart:.0f} steps apart: what is shorter than that can't be seen"
        yield say.note(say.GAPS, what)


def _seams(run: Run, loss: Series) -> Iterator[Note]:
    """The level right after each restart against the level right before it."""
    for seam in run.seams:
        before, after = loss.value[loss.step < seam][-NEAR:], loss.value[loss.step >= seam][:NEAR]
        if min(len(before), len(after)) < FEWEST:
            continue
        old, new = median(before), median(after)
        spread = max(noise(before), noise(after), loss.grain)
        gained = loss.start - float(loss.value[loss.step < seam].min())
        if abs(new - old) < max(SIGMAS * spread, SHARE * gained):
            continue
        factor = new / old if old > 0 and new > 0 else 0.0
        if _rescaled(factor, noise(before) / max(abs(old), loss.grain), noise(after) / max(abs(new), loss.grain)):
            what = f"after the restart at step {seam:g} {loss.name} is {factor:.3g} times what it was, noise and all"
            yield say.note(say.SCALE_CHANGED, f"{what}: another batch, accumulation or number of devices?")
        else:
            what = f"{loss.name} goes from {old:.4g} to {new:.4g} at the restart at step {seam:g}"
            yield say.note(say.SEAM, f"{what}: optimizer, schedule or order of the data may not have been restored")


def _rescaled(factor: float, before: float, after: float) -> bool:
    """Whether a jump is a multiplication by a whole number, or a division: then the relative noise stays the same."""
    times = max(factor, 1 / factor) if factor > 0 else 0.0
    alike = before > 0 and after > 0 and max(before / after, after / before) < ALIKE
    return times > TIMES and abs(times - round(times)) <= WHOLE * times and alike


def _direction(run: Run) -> Iterator[Note]:
    """An accuracy that falls for good while the loss of the same data falls, too."""
    curves = run.curve("val/loss"), run.curve("val/accuracy")
    loss, accuracy = (Series.of(c) if c is not None else None for c in curves)
    if loss is None or accuracy is None or min(loss.n, accuracy.n) < LEAST_POINTS:
        return
    fell = loss.start > 0 and loss.start - loss.end > FELL * loss.start
    change, sure = accuracy.trend(1.0)
    if fell and accuracy.start - accuracy.end > LOST * accuracy.start and change < 0 and sure < -SIGMAS:
        what = f"val/accuracy falls to {accuracy.end:.3g} while val/loss falls"
        yield say.note(say.DIRECTION, f"{what}: it looks like an error rate; name it so, or it is read upside down")
