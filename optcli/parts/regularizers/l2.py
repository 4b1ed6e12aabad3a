"""Adds strength / 2 times the sum of squared weights to the loss.

The textbook penalty, shown in the loss. Under SGD it is the same as a weight decay of that strength; under Adam it is
rescaled along with the gradient, so `optimizer.weight_decay` (decoupled) is the better choice there.

Source: Krogh & Hertz 1991, "A Simple Weight Decay Can Improve Generalization"; on Adam: arXiv 1711.05101.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT, NonNegative

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"penalty": "the penalty at the last step, in units of the loss; `penalty_share` is over the training loss"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 1e-4
    """Factor of half the sum of squares; the gradient gets strength * w."""


class L2:
    """Half the sum of squares of all weights, times the strength."""

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._last: Tensor | None = None

    def penalty(self, params: list[Tensor]) -> Tensor:
        """A float32 scalar with a gradient."""
        import torch

        found = self.strength / 2 * torch.stack([p.float().square().sum() for p in params]).sum()
        self._last = found.detach()
        return found

    def report(self) -> dict[str, float]:
        """The penalty of the last step, in units of the loss."""
        return {} if self._last is None else {"penalty": self._last.item()}


def build(options: Options) -> L2:
    """The penalty."""
    return L2(options.strength)
