"""Draws each weight matrix towards one with orthogonal rows of length 1.

Keeps signals and gradients of one size through many layers: for deep nets without norms, and recurrent ones. Adds
strength times the sum of the squares of W W' - 1 to the loss (of W' W - 1 where there are more rows than columns).
Doesn't go with `l1`, `l2` or weight decay, which pull the rows to zero.

Source: Bansal et al. 2018, arXiv 1810.09102 (soft orthogonality).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT, NonNegative

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"penalty": "the penalty of the last step, in units of the loss; `penalty_share` is over the training loss"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 1e-4
    """Factor of the sum of squares."""


class Orthogonal:
    """How far all weights are from orthogonal, times the strength."""

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._last: Tensor | None = None

    def penalty(self, params: list[Tensor]) -> Tensor:
        """A float32 scalar with a gradient."""
        import torch

        found = self.strength * torch.stack([_distance(p.float().flatten(1)) for p in params]).sum()
        self._last = found.detach()
        return found

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        return {} if self._last is None else {"penalty": self._last.item()}


def _distance(matrix: Tensor) -> Tensor:
    """The sum of the squares of the smaller of W W' - 1 and W' W - 1."""
    import torch

    rows, columns = matrix.shape
    gram = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    return (gram - torch.eye(len(gram), device=gram.device)).square().sum()


def build(options: Options) -> Orthogonal:
    """The penalty."""
    return Orthogonal(options.strength)
