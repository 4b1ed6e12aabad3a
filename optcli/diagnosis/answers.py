"""Accuracies that show a guess: one number in every validation, or that of equal odds for all classes."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from optcli.diagnosis.settings import setting
from optcli.diagnosis.view import View
from optcli.run.prepare import LONE, Series, whole
from optcli.run.stats import median

ANSWERS: Final = 6
HARDLY: Final = 0.02
GOOD: Final = 0.9
"""Validations of one accuracy, how far the training accuracy may move, and how good it may be at most."""
MOST: Final = 0.8
BATCHES: Final = 20
ROUND: Final = 0.06
"""Where that of training is of single batches: how good it may be at most, how many there must be in the later half,
and how far their mean may lie from it."""
UNSEEN: Final = 5
TELLING: Final = 8
LOW: Final = 0.6
SUNK: Final = 0.8
"""Validations of one accuracy, and how good it may be at most, where that of training isn't logged: fewer while nothing
is learned, more where the loss does fall, to that share of its first value."""
MOST_GUESSED: Final = 0.51
AGREE: Final = 0.05
"""Accuracy of a coin, and how far the loss may lie from that of equal odds for the classes."""
LIFT: Final = 0.02
MOST_RIGHT: Final = 0.4
FAR_ABOVE: Final = 1.2
"""Accuracy that it has risen by or come to where outputs are more than a guess among three, and times a guess's loss
from which a start is another one."""
LEAST_RIGHT: Final = 1e-4
NEAR: Final = 0.03
"""Least accuracy of one class in so many, and how far that of training lies from it where validation's is just that, or
a loss from what a guess earns, as a share of it."""
MOST_CLASSES: Final = 0.4
"""Most accuracy of one class in so many that is told apart from a good one by being exactly that."""
HIGH: Final = 1.6
ODD: Final = 0.2
FAR: Final = 0.6
"""Times the loss of a guess that one ends at, and shares of one of so many that an accuracy lies from it, in the median
and in any point."""
FLAT: Final = 3.0
"""Standard errors of a slope up to which there is none."""


def constant(view: View) -> Series | None:
    """A validation accuracy that never changes while nothing is learned: one class for everything.

    Of whole percents, which hide small changes, that of the training set must stand as still.
    """
    seen, unseen = view.series("train/accuracy"), view.series("val/accuracy")
    if unseen is None or np.ptp(unseen.value) > 0:
        return None
    if seen is None:
        return unseen if _telling(view, unseen) else None
    if min(seen.n, unseen.n) < ANSWERS:
        return None
    all_right = whole(seen, unseen)
    share = float(unseen.value[0]) / all_right
    if not 0 <= share <= 1:  # a damaged number: no accuracy
        return None
    most = 0.0 if _percents(share) else HARDLY * all_right
    guesses = _one_of_so_many(share) and float(np.abs(seen.value / all_right - share).max()) < NEAR
    if guesses or _scatters(seen, share, all_right, unseen.n, view):
        return unseen
    return unseen if float(np.ptp(seen.value)) <= most and share <= GOOD and not view.learned else None


def _scatters(seen: Series, share: float, all_right: float, validations: int, view: View) -> bool:
    """Whether the training accuracy of single batches scatters round that of validation, while nothing is learned."""
    if validations < TELLING or share > MOST or view.learned or _percents(share):
        return False
    late = seen.value[seen.n // 2 :] / all_right
    return len(late) >= BATCHES and abs(float(late.mean()) - share) < ROUND


def _telling(view: View, unseen: Series) -> bool:
    """Whether a validation accuracy that never changes tells enough without that of training."""
    share = float(unseen.value[0]) / whole(unseen)
    falls = view.learned or (view.loss.n > 0 and view.loss.end < SUNK * float(view.loss.value[0]))
    return 0 < share <= LOW and not _percents(share) and unseen.n >= (TELLING if falls else UNSEEN)


def _percents(share: float) -> bool:
    return abs(100 * share - round(100 * share)) <= 1e-6


def equal_odds(view: View) -> float | None:
    """The loss of equal odds for all classes, where loss and training accuracy are as good as that and stand still.

    The two agree, as exp(-loss) and share, in no model that has learned: it is right more often than that.
    """
    loss, seen = view.loss, view.series("train/accuracy")
    if seen is None or min(loss.n, seen.n) < TELLING or abs(loss.trend(1.0)[1]) > FLAT:
        return None
    share = median(seen.value) / whole(seen)
    if not LEAST_RIGHT < share <= MOST_GUESSED:
        return None
    guess = -math.log(share)
    return guess if abs(median(loss.value) / guess - 1) <= AGREE else None


def by_prior(view: View) -> Series | None:
    """A validation accuracy that never changes, of more than half, where the validation loss came down to the entropy
    of a class of that share and no further: the more frequent of two is given for everything, with its odds.
    """
    right, val = view.series("val/accuracy"), view.val
    if right is None or val is None or min(right.n, val.n) < TELLING or np.ptp(right.value) > 0:
        return None
    share = float(right.value[0]) / whole(right)
    if not MOST_GUESSED < share < GOOD:
        return None
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    near = max(abs(float(val.value.min()) / entropy - 1), abs(val.end / entropy - 1))
    return right if near <= NEAR else None


def never_better(view: View) -> tuple[Series, int] | None:
    """An accuracy that is one of so many throughout, and of how many, where no loss was ever below that of equal odds.

    The losses come to within `HIGH` of it in the end, since of texts a third of the tokens may be right at three times
    the loss of a guess among three.
    """
    found = [one for role in ("val/accuracy", "train/accuracy") if (one := view.series(role)) is not None]
    losses = [view.loss] if view.val is None else [view.loss, view.val]
    if not found or min(one.n for one in (*found, *losses)) < ANSWERS:
        return None
    many = round(1 / max(median(found[0].value) / whole(found[0]), LEAST_RIGHT))
    guess = math.log(many) if many > 1 else math.inf
    best = min(float(one.value.min()) for one in losses)
    if best < (1 - NEAR) * guess or min(one.end for one in losses) > HIGH * guess:
        return None
    return (found[0], many) if all(_is_guess(one, many) for one in found) else None


def _is_guess(accuracy: Series, many: int) -> bool:
    """Whether it is near one of so many in every point, most of all in the median, and doesn't rise."""
    share = accuracy.value / whole(accuracy)
    apart, middle = float(np.abs(share - 1 / many).max()), median(share)
    return apart < min(ROUND, FAR / many) and abs(middle * many - 1) < ODD and accuracy.trend(1.0)[1] < FLAT


def _one_of_so_many(share: float) -> bool:
    """Whether it is one of a whole number of classes, exactly."""
    return LEAST_RIGHT < share <= MOST_CLASSES and abs(1 / share - round(1 / share)) < 1e-3


def untrained(view: View) -> float:
    """The level of a guess among classes, where the run began far above it, or below it by an easy first batch; else
    the level at the start.

    The guess is known from the configuration, or from a training accuracy that is low and hasn't risen: 1 of so many.
    """
    accuracy = view.series("train/accuracy")
    guess = view.chance if setting(view.config, "facts.task") != "regression" else None
    if guess is not None and view.loss.start < guess:
        return guess
    if guess is None and accuracy is not None and accuracy.end < min(accuracy.start + LIFT, MOST_RIGHT):
        guess = -math.log(max(median(accuracy.value), MOST_RIGHT / view.loss.n))
    return guess if guess and view.loss.start > FAR_ABOVE * guess else view.loss.start


def first_epoch(loss: Series) -> float:
    """The start level where points are means of whole epochs: the first one is no noise, unless it is absurd."""
    first = float(loss.value[0])
    return max(loss.start, first) if first < LONE * loss.start else loss.start
