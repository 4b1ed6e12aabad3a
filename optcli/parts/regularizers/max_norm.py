"""Keeps the weights into each unit within a ball: longer ones are scaled back after each step.

Allows high learning rates without weights running away; goes well with dropout. Typical limits are 2 to 4.

Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT, Positive

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"units_at_max_norm": "share of units that are at the limit"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    limit: Positive = 3.0
    """Largest Euclidean norm of the weights into one unit (one row of a linear layer, one filter)."""


class MaxNorm:
    """The projection onto the balls."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._params: list[Tensor] = []

    def after_step(self, params: list[Tensor], lr: float | Tensor) -> None:
        """Scale back what is too long; a rate of 0 (a skipped step) changes nothing."""
        import torch

        self._params = params
        with torch.no_grad():
            for parameter in params:
                scale = (self.limit / _norms(parameter)).clamp_(max=1.0)
                if isinstance(lr, torch.Tensor):
                    scale = torch.where(lr > 0, scale, 1.0)
                parameter.mul_(scale)

    def report(self) -> dict[str, float]:
        """The share of units that are at the limit."""
        if not self._params:
            return {}
        norms = [_norms(parameter).flatten() for parameter in self._params]
        at_limit = sum(int((n >= 0.999 * self.limit).sum()) for n in norms)
        return {"units_at_max_norm": at_limit / sum(n.numel() for n in norms)}


def _norms(parameter: Tensor) -> Tensor:
    """Shape (units, 1, ...)."""
    import torch

    norms: Tensor = torch.linalg.vector_norm(parameter.detach(), dim=tuple(range(1, parameter.ndim)), keepdim=True)
    return norms


def build(options: Options) -> MaxNorm:
    """The projection."""
    return MaxNorm(options.limit)
