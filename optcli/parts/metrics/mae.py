"""Mean absolute error, in units of the target; of a table: in its standard deviations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"regression"})
HIGHER_IS_BETTER = False
WIDTH = 2


@dataclass(frozen=True)
class Options:
    """What a recipe may set: nothing."""

    __pydantic_config__ = STRICT


def update(output: Tensor, target: Tensor) -> Tensor:
    """[sum of absolute errors, values]."""
    import torch

    errors = (output.double() - target.reshape(output.shape)).abs().sum()
    return torch.stack([errors, errors.new_full((), target.numel())])


def compute(sums: list[float]) -> float:
    """In units of the target."""
    return sums[0] / sums[1]
