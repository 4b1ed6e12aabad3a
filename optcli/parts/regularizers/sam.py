"""Sharpness-aware minimization: the gradient is taken where the loss is worst nearby.

Finds flat minima, and generalizes better on small data sets and with label noise, at twice the time a step. `adaptive`
measures "nearby" relative to each weight's size and wants a larger radius (0.5 to 2). Goes with any optimizer. Both
passes see the same batch, with the same dropout and the same noise.

Source: Foret et al. 2020, arXiv 2010.01412; adaptive: Kwon et al. 2021, arXiv 2102.11600.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._tally import Telling
from optcli.units import STRICT, Positive

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"sharpness": "mean rise of the loss from the weights to the worst point, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    radius: Positive = 0.05
    """How far the worst point is looked for: the norm of the step there."""
    adaptive: bool = False
    """Measure the radius in units of each weight's own size."""


class Sam(Telling):
    """The step uphill, and back."""

    told = "sharpness"

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self._kept: list[Tensor] = []

    def ascend(self, params: list[Tensor], grads: list[Tensor]) -> None:
        """Move the parameters to where the loss is worst, to first order; the gradient's scale doesn't matter."""
        import torch

        with torch.no_grad():
            self._kept = [p.detach().clone() for p in params]
            sizes = torch._foreach_abs(self._kept) if self.options.adaptive else None
            ways = list(grads if sizes is None else torch._foreach_mul(grads, sizes))
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(ways)))
            ways = list(ways if sizes is None else torch._foreach_mul(ways, sizes))
            torch._foreach_add_(params, torch._foreach_mul(ways, self.options.radius / (norm + 1e-12)))

    def rose(self, by: Tensor) -> None:
        """Take in by how much the loss is higher at the point moved to; where it isn't finite it doesn't count."""
        import torch

        finite = torch.isfinite(by)
        self._tally.add(torch.where(finite, by, 0.0), 1 - finite.float())

    def descend(self, params: list[Tensor]) -> None:
        """Put the parameters back, bit for bit."""
        import torch

        with torch.no_grad():
            torch._foreach_copy_(params, self._kept)
        self._kept = []


def build(options: Options) -> Sam:
    """Both ways."""
    return Sam(options)
