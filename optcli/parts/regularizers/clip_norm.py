"""Scales the gradient down when its norm over all parameters exceeds a limit.

Against rare exploding gradients; 1.0 is usual for transformers and recurrent nets. If it acts on most steps it has
become a learning-rate change: raise the limit or lower the rate.

Source: Pascanu et al. 2012, arXiv 1211.5063.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._tally import Telling
from optcli.units import STRICT, Positive

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"clipped_steps": "share of steps in which it cut the gradient, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    max_norm: Positive = 1.0
    """Largest Euclidean norm that the whole gradient may have."""


class ClipNorm(Telling):
    """The limit on the norm."""

    def __init__(self, max_norm: float) -> None:
        super().__init__()
        self.max_norm = max_norm

    def on_grads(self, params: list[Tensor], grads: list[Tensor], norms: Tensor, up: Tensor) -> None:
        """Scale all gradients by one factor, as torch.nn.utils.clip_grad_norm_ does."""
        import torch

        scale = self.max_norm / (torch.linalg.vector_norm(norms) + 1e-6)
        self._tally.add(scale < 1, up)
        torch._foreach_mul_(grads, scale.clamp_(max=1.0))


def build(options: Options) -> ClipNorm:
    """The limit."""
    return ClipNorm(options.max_norm)
