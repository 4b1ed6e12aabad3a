"""Figures of a whole run that tell causes apart and are no finding by themselves: how it learned, not what ails it.

Causes weigh them beside what the rules found (`Case.sign`). NaN stands for what a log can't tell.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Final

import numpy as np

from optcli.diagnosis import ladder, strength
from optcli.diagnosis.outset import GUESS
from optcli.diagnosis.sameness import unchanging
from optcli.run.curve import Run
from optcli.run.prepare import Series, whole
from optcli.run.stats import median

SURE: Final = 4.0
"""Noise levels of a block that a fall must have."""
SKILLED: Final = 0.8
LEAST: Final = 0.6
"""Share of its highest validation accuracy, and the accuracy itself, that the first validation must show."""
KNOWING: Final = 0.35
"""First validation loss below which, without an accuracy, much is known: half of ln 2, a coin's guess between two."""
VALIDATIONS: Final = 5
ROSE: Final = 0.08
"""Validation accuracies that are needed, and what they must have risen by before, as a share of the best."""
TREES: Final = ("boosting-console", "catboost")
HUGE: Final = 1e3
"""Loss beyond that of scaled targets and of any guess among classes."""
PER_EPOCH: Final = 1.2
"""Points of one loss for each of the other's, up to which both are logged once an epoch."""
HALF: Final = 0.5
"""Share of the training loss's fall at which the gap to validation is looked at."""


def signs(run: Run) -> dict[str, float]:
    """All signs of a run by name; none for a run without a loss, one for a loss that hardly ever was a number."""
    head = ladder.headline(run)
    loss = Series.of(head) if head is not None else None
    if head is None or loss is None:
        return {}
    if loss.n < 2:
        return {"untrained": _untrained(run), "born_huge": _born_huge(run)}
    return {
        "start": loss.start,
        "first_step": float(head.step[0]),
        "last_step": float(head.step[-1]),
        "oversized": _oversized(run, loss),
        "efficiency": _efficiency(run, loss),
        "gap_early": _gap_early(run, loss),
        "passes": _passes(run, loss),
        "epochs": float(len(run.epoch_steps)) if len(run.epoch_steps) > 1 else math.nan,
        "gap_first": _gap_first(run, loss),
        "gap_epoch": _gap_epoch(run, loss),
        "followed": _followed(run, loss),
        "begun": _begun(run),
        "accuracy_lost": _accuracy_lost(run),
        "training_set": _training_set(run),
        "lr_peak": _peak(run, "lr"),
        "lr_rise": _lr_rise(run),
        "untrained": _untrained(run),
        "born_huge": _born_huge(run),
        "one_answer": math.nan if unchanging(run.curves, partial(_series, run)) is None else 1.0,
        **{f"{name}_accuracy": _end(run, f"{name}/accuracy") for name in ("train", "val")},
    }


def _series(run: Run, role: str) -> Series | None:
    curve = run.curve(role)
    series = Series.of(curve) if curve is not None else None
    return series if series is not None and series.n > 1 else None


def _peak(run: Run, role: str) -> float:
    series = _series(run, role)
    return float(series.value.max()) if series is not None else math.nan


def _lr_rise(run: Run) -> float:
    """The highest rate over the highest of the first eighth of its points; NaN where it isn't logged."""
    lr = _series(run, "lr")
    first = float(lr.value[: max(1, lr.n // 8)].max()) if lr is not None else 0.0
    return float(lr.value.max()) / first if lr is not None and first > 0 else math.nan


def _untrained(run: Run) -> float:
    """1.0 where the very first loss, of weights that no step has changed, is no number; else NaN."""
    first = _very_first(run)
    return 1.0 if first is not None and not math.isfinite(first) else math.nan


def _born_huge(run: Run) -> float:
    """The very first loss, where it is of a size that no data explain; else NaN."""
    first = _very_first(run)
    return first if first is not None and HUGE < first < math.inf else math.nan


def _very_first(run: Run) -> float | None:
    """The loss of weights that no step, or one, has changed; None where it isn't logged."""
    loss, val = ladder.headline(run), run.curve("val/loss")
    if loss is None or run.axis != "step" or not len(loss) or loss.step[0] > 1:
        return None
    passes = max(len(run.epoch_steps), len(val) if val is not None else 0)
    return float(loss.value[0]) if len(loss) > PER_EPOCH * passes else None


def _end(run: Run, role: str) -> float:
    series = _series(run, role)
    return series.end if series is not None else math.nan


def _begun(run: Run) -> float:
    """The first training accuracy over the last; NaN where there is none."""
    right = _series(run, "train/accuracy")
    return float(right.value[0]) / right.end if right is not None and right.end > 0 else math.nan


def _training_set(run: Run) -> float:
    """Samples in the training set: as configured, or batches in an epoch times their size; NaN where not known."""
    known = strength.training_set(run.config)
    if not math.isnan(known):
        return known
    epochs, batch = np.diff(run.epoch_steps), strength.samples(run.config)
    if run.axis != "step" or not len(epochs) or math.isinf(batch):
        return math.nan
    return median(epochs) * batch


def _accuracy_lost(run: Run) -> float:
    """Share of its best validation accuracy that is gone at the end; NaN where it can't be told or never rose."""
    right = _series(run, "val/accuracy")
    if right is None or right.n < VALIDATIONS:
        return math.nan
    best = float(right.blocks.max())
    if best <= 0 or best - float(right.value[0]) < ROSE * best:
        return math.nan
    lost = best - median(right.blocks[-3:])
    return lost / best if lost > SURE * right.tau else 0.0


def _oversized(run: Run, loss: Series) -> float:
    """The first loss, where it is beyond any guess's and the next is higher still; NaN in a log by epoch."""
    first, second = loss.value[:2].tolist()
    points = len(run.curves[loss.name]) if loss.name in run.curves else loss.n  # with those that are no numbers
    by_epoch = points <= PER_EPOCH * len(run.epoch_steps)
    return first if not by_epoch and GUESS < first < second else math.nan


def _efficiency(run: Run, loss: Series) -> float:
    """The fall of the loss over what steps of rate times gradient bring to first order: sum of lr * |g|^2.

    About 1 for plain gradient descent with a small rate and little noise, far above for methods that scale steps up.
    Far below, the steps that were taken are shorter than rate times gradient.
    """
    lr, grad = _series(run, "lr"), _series(run, "grad_norm")
    if lr is None or grad is None:
        return math.nan
    rate = lr.value[np.maximum(0, np.searchsorted(lr.step, grad.step, side="right") - 1)]
    spacing = np.diff(grad.step, prepend=grad.step[0] - 1)
    expected = float((rate * grad.value**2 * spacing).sum())
    return (loss.start - loss.end) / expected if expected > 0 else math.nan


def _gap_early(run: Run, loss: Series) -> float:
    """Validation loss over training loss when training has done half of its fall, as a share of the whole fall."""
    val = _series(run, "val/loss")
    if val is None or val.name == loss.name or loss.drop <= loss.grain:
        return math.nan
    place = min(int(np.searchsorted(val.step, _half(loss))), val.n - 1)
    near = loss.value[max(0, int(np.searchsorted(loss.step, val.step[place], side="right")) - max(1, loss.size)) :]
    return (float(val.value[place]) - median(near[: max(1, loss.size)])) / loss.drop


def _half(loss: Series) -> float:
    """The step at which training had done half of its fall."""
    done = np.flatnonzero(loss.blocks <= loss.start - HALF * loss.drop)
    return float(loss.block_step[done[0]] if len(done) else loss.step[-1])


def _passes(run: Run, loss: Series) -> float:
    """Epochs that began before training had done half of its fall; NaN where the log tells of no second epoch."""
    if len(run.epoch_steps) < 2 or loss.drop <= loss.grain:
        return math.nan
    return float(np.searchsorted(run.epoch_steps, _half(loss)))


def _gap_first(run: Run, loss: Series) -> float:
    """The same at the first validation, where that was good already: after a whole epoch, or of a net trained before.

    NaN where it still had a way to go.
    """
    val, right = _series(run, "val/loss"), _series(run, "val/accuracy")
    if val is None or val.name == loss.name or loss.drop <= loss.grain:
        return math.nan
    if right is None and not 0 < float(val.value[0]) < KNOWING:
        return math.nan
    if right is not None and float(right.value[0]) < max(SKILLED * float(right.value.max()), LEAST * whole(right)):
        return math.nan
    return (float(val.value[0]) - loss.at(float(val.step[0]))) / loss.drop


def _gap_epoch(run: Run, loss: Series) -> float:
    """The same after the first epoch, in a log with one training and one validation loss for each; else NaN.

    The training loss is then the mean of that epoch, in which the model got better all the while. 0 for boosted trees:
    each of them learns by heart what it is let to, so that a gap at the start says nothing of the sets.
    """
    if run.format in TREES:
        return 0.0
    val = _series(run, "val/loss")
    if val is None or val.name == loss.name or loss.drop <= loss.grain:
        return math.nan
    few, many = sorted((loss.n, val.n))
    if many > max(PER_EPOCH * few, few + 1):
        return math.nan
    return (float(val.value[0]) - loss.at(float(val.step[0]))) / loss.drop


def _followed(run: Run, loss: Series) -> float:
    """Fall of the validation loss over that of the training loss; NaN where the latter isn't sure.

    Near 1 while nothing can be learned by heart yet: a run that crawls takes validation with it.
    """
    val = _series(run, "val/loss")
    fell = loss.start - loss.end
    if val is None or val.name == loss.name or fell < SURE * loss.tau:
        return math.nan
    return (val.start - val.end) / fell
