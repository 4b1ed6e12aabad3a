"""Coefficient of determination: 1 minus the squared error over the targets' spread; 0 is the best constant guess.

Several targets are taken together as one list of values. If all targets are equal there is no spread, and the result is
not a number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"regression"})
HIGHER_IS_BETTER = True
WIDTH = 4
LEAST: Final = 1e-12
"""Spread over the sum of squares: less is what rounding leaves of targets that are all equal."""


@dataclass(frozen=True)
class Options:
    """What a recipe may set: nothing."""

    __pydantic_config__ = STRICT


def update(output: Tensor, target: Tensor) -> Tensor:
    """[sum of squared errors, sum of targets, sum of squared targets, values]."""
    import torch

    wanted = target.reshape(output.shape).double()
    errors = (output.double() - wanted).square().sum()
    return torch.stack([errors, wanted.sum(), wanted.square().sum(), errors.new_full((), target.numel())])


def compute(sums: list[float]) -> float:
    """At most 1; below 0 is worse than a constant."""
    spread = sums[2] - sums[1] ** 2 / sums[3]
    return 1 - sums[0] / spread if spread > LEAST * sums[2] else math.nan
