"""Targets that can't be learned or don't go with a part: all the same, ids instead of classes, labels of pixels."""

from __future__ import annotations

import math
from typing import Final

from optcli import parts
from optcli.parts.facts import Facts
from optcli.recipe.frugal import Troubles
from optcli.recipe.sections import Chosen

ABSURD: Final = 100
"""Classes for each training sample: with the labels 0, 1, 2 ... of real classes, hardly ever more than one."""


def alike(facts: Facts) -> Troubles:
    """Data whose target never changes: every model that ignores its inputs is perfect."""
    if facts.alike:
        yield "data", f"there is nothing to learn: {facts.alike}", "choose another target"


def ids(facts: Facts) -> Troubles:
    """A model with an output for each number up to the greatest label, nearly all of which stand for nothing."""
    samples = facts.train * (math.prod(facts.shape) if facts.task == "language" else 1)
    if facts.task == "regression" or facts.names or facts.outputs <= ABSURD * samples:
        return
    what, unit = ("tokens", "tokens") if facts.task == "language" else ("labels", "training samples")
    told = f"the {what} reach {facts.outputs - 1:,}, but there are {samples:,} {unit}: they look like ids"
    help = "number them 0, 1, 2, ..., as numpy.unique(y, return_inverse=True) does; a quantity is a regression"
    yield "data", told, help


def of_pixels(regularizers: tuple[Chosen, ...], facts: Facts) -> Troubles:
    """Pictures that are moved or cut while the labels of their pixels stay."""
    for part in regularizers if facts.dense else ():
        if getattr(parts.find("regularizer", part.name), "PER_SAMPLE", False):
            told = f"`{part.name}` changes pictures, but not the labels of their pixels"
            yield f"regularizers.{part.name}", told, "remove it, and draw such changes where the data is made"
