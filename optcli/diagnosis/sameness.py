"""A validation score that is one number throughout: one answer is given to everything, whatever the loss does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from optcli.run.prepare import PERCENT, Series
from optcli.run.roles import split_in, words

TIMES: Final = 8
"""Validations that bring the same number. Of 3,700 healthy runs whose validation was logged so often, two had one of
less than nine in ten that never changed."""
GOOD: Final = 0.9
"""Score from which on it may be a small validation set all but learned."""
WHOLE: Final = 1e-6
"""Distance from whole percents at which it may have been rounded to one, so that small changes don't show."""
LOSSES: Final = frozenset(("loss", "nll", "time", "lr", "perplexity", "ppl"))


def unchanging(names: Iterable[str], series: Callable[[str], Series | None]) -> Series | None:
    """The first score on validation data that never changes; None where there is none, or another one rises."""
    found = None
    for name in names:
        if split_in(name) != "val" or LOSSES & set(words(name)):
            continue
        score = series(name)
        if score is None or score.n < TIMES or not 0 < float(score.value[0]) <= 100:
            continue
        if np.ptp(score.value) > 0:
            return None
        share = float(score.value[0]) / (100 if score.value[0] > PERCENT else 1)
        if share < GOOD and abs(100 * share - round(100 * share)) > WHOLE:
            found = found or score
    return found
