"""Exponential of the mean cross-entropy: among how many equally likely tokens the model seems to choose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"classification", "language"})
HIGHER_IS_BETTER = False
WIDTH = 2


@dataclass(frozen=True)
class Options:
    """What a recipe may set: nothing."""

    __pydantic_config__ = STRICT


def update(output: Tensor, target: Tensor) -> Tensor:
    """[sum of cross-entropies in nats, positions]."""
    import torch
    from torch.nn.functional import cross_entropy

    losses = cross_entropy(output.float().flatten(0, -2), target.flatten(), reduction="none")
    total = losses.sum(dtype=torch.float64)
    return torch.stack([total, total.new_full((), target.numel())])


def compute(sums: list[float]) -> float:
    """From 1; infinite where the exponential overflows."""
    mean = sums[0] / sums[1]
    try:
        return math.exp(mean)
    except OverflowError:
        return math.inf
