"""Share of samples (of positions for language, of pixels for their labels) whose highest logit is the true class.

Positions and pixels without a label (-100) don't count.

With several labels a sample: the share of all its yes-or-no answers that are right, a logit above 0 being a yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts._by_class import by_class
from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"classification", "language", "multilabel"})
HIGHER_IS_BETTER = True
WIDTH = 2


@dataclass(frozen=True)
class Options:
    """What a recipe may set: nothing."""

    __pydantic_config__ = STRICT


def update(output: Tensor, target: Tensor) -> Tensor:
    """[right, all]."""
    import torch

    if target.is_floating_point():
        right = ((output > 0) == (target > 0.5)).sum(dtype=torch.float64)
        return torch.stack([right, right.new_full((), target.numel())])
    if output.ndim > 2:
        output, target = by_class(output, target)
    # (N, 1) against (N,) would be broadcast to all pairs.
    right = (output.argmax(-1) == target.reshape(output.shape[:-1])).sum(dtype=torch.float64)
    return torch.stack([right, (target >= 0).sum(dtype=torch.float64)])


def compute(sums: list[float]) -> float:
    """From 0 to 1."""
    return sums[0] / sums[1]
