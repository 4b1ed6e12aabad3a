"""Adaptive gradient clipping: the gradient of each unit is limited in proportion to the unit's weights.

For deep nets without batch norm, at large batches and rates, where one limit for the whole gradient (`clip_norm`) is
too tight for some layers and too loose for others. The head is left alone, as the paper advises.

Source: Brock et al. 2021, arXiv 2102.06171, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._tally import Telling
from optcli.units import STRICT, Positive

if TYPE_CHECKING:
    from torch import Tensor, nn

REPORTS = {"clipped_steps": "share of steps in which it cut the gradient, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    clipping: Positive = 0.01
    """Largest norm of a unit's gradient, as a share of the norm of its weights."""
    eps: Positive = 1e-3
    """Least norm that a unit's weights count as, so that weights at zero can move."""


class Agc(Telling):
    """The limits of all units."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self._head: set[int] = set()

    def on_model(self, model: nn.Module) -> None:
        """Find the head: the last linear layer."""
        from torch import nn

        last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1:]
        self._head = {id(p) for module in last for p in module.parameters()}

    def on_grads(self, params: list[Tensor], grads: list[Tensor], norms: Tensor, up: Tensor) -> None:
        """Scale the gradients of the units that are beyond their limit."""
        import torch

        clipped = []
        for parameter, grad in zip(params, grads, strict=True):
            if id(parameter) not in self._head:
                limit = _norm(parameter.detach()).clamp_(min=self.options.eps) * self.options.clipping
                scale = limit / _norm(grad).clamp_(min=1e-6)
                clipped.append((scale < 1).any())
                grad.mul_(scale.clamp_(max=1.0))
        if clipped:
            self._tally.add(torch.stack(clipped).any(), up)


def _norm(tensor: Tensor) -> Tensor:
    """Of each unit, shape (units, 1, ...); vectors are one unit."""
    import torch

    axes = tuple(range(1, tensor.ndim)) or None
    norms: Tensor = torch.linalg.vector_norm(tensor, dim=axes, keepdim=True)
    return norms


def build(options: Options) -> Agc:
    """The limits."""
    return Agc(options)
