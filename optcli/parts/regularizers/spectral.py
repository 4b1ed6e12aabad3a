"""Adds strength / 2 times the sum of the squared spectral norms of all weights to the loss.

Holds down how much each layer can stretch a change of its input, and leaves its other directions alone, which `l2`
shrinks too. For nets that must not be sensitive: noisy inputs, large batches. The norm is followed by one power
iteration a step.

Source: Yoshida & Miyato 2017, arXiv 1705.10941.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optcli.units import STRICT, NonNegative

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {
    "penalty": "the penalty of the last step, in units of the loss; `penalty_share` is over the training loss",
    "spectral_norm": "the largest spectral norm of a weight matrix",
}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 1e-2
    """Factor of half the sum of squared norms: 0.01 is the paper's."""


class Spectral:
    """Follows the first singular vectors of all weights."""

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._vectors: list[Tensor] = []
        self._norms: Tensor | None = None

    def penalty(self, params: list[Tensor]) -> Tensor:
        """A float32 scalar with a gradient."""
        import torch

        matrices = [p.float().flatten(1) for p in params]
        if not self._vectors:
            self._vectors = [torch.ones(len(m), device=m.device) / len(m) ** 0.5 for m in matrices]
        pairs = [_iterated(m.detach(), u.to(m.device)) for m, u in zip(matrices, self._vectors, strict=True)]
        self._vectors = [u for u, _ in pairs]
        norms = torch.stack([u @ (m @ v) for m, (u, v) in zip(matrices, pairs, strict=True)])
        self._norms = norms.detach()
        return self.strength / 2 * norms.square().sum()

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        if self._norms is None:
            return {}
        penalty = self.strength / 2 * self._norms.square().sum().item()
        return {"penalty": penalty, "spectral_norm": self._norms.max().item()}

    def state_dict(self) -> dict[str, Any]:
        """The left singular vectors."""
        return {"vectors": [u.clone() for u in self._vectors]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self._vectors = list(state["vectors"])


def _iterated(matrix: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
    """The first left and right singular vectors, one power iteration nearer."""
    right = matrix.T @ left
    right = right / right.norm().clamp(min=1e-12)
    left = matrix @ right
    return left / left.norm().clamp(min=1e-12), right


def build(options: Options) -> Spectral:
    """The penalty."""
    return Spectral(options.strength)
