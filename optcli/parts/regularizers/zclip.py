"""Clips the gradient's norm when it is out of line with its own recent past.

Needs no limit to be guessed: running mean and spread of the norm are followed, and a norm more than `z` spreads above
the mean is cut back, the more the farther it is out. Catches loss spikes that a fixed limit lets pass or would have
prevented only by clipping all the time.

Source: Kumar et al. 2025, arXiv 2504.02507, algorithm 1 (reciprocal clipping).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optcli.parts.regularizers._tally import Telling
from optcli.units import STRICT, Count, Positive, Rate

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"clipped_steps": "share of steps in which it cut the gradient, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    z: Positive = 2.5
    """Spreads above the mean at which clipping begins."""
    alpha: Rate = 0.97
    """Decay rate of running mean and variance."""
    warmup: Count = 25
    """Steps in which norms are only looked at."""


class ZClip(Telling):
    """Running mean and variance of the norm: `_past` is (steps, mean, variance) on the device."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self._past: Tensor | None = None

    def on_grads(self, params: list[Tensor], grads: list[Tensor], norms: Tensor, up: Tensor) -> None:
        """Scale all gradients so that their norm is in line."""
        import torch

        if self._past is None:
            self._past = torch.zeros(3, device=norms.device)
        o, (steps, mean, variance) = self.options, self._past.unbind()
        norm, spread = torch.linalg.vector_norm(norms), variance.sqrt()
        z = (norm - mean) / spread.clamp(min=1e-12)
        out = (z > o.z) & (steps >= o.warmup)
        allowed = torch.where(out, mean + o.z**2 / z * spread, norm)
        self._tally.add(out, up)
        torch._foreach_mul_(grads, torch.where(out, allowed / norm, torch.ones_like(norm)))
        self._past = torch.where(up > 0, self._past, self._next(allowed))

    def _next(self, norm: Tensor) -> Tensor:
        """Plain mean and variance in the warm-up, running ones afterwards."""
        import torch

        assert self._past is not None
        steps, mean, variance = self._past.unbind()
        early = steps < self.options.warmup
        keep = torch.where(early, steps / (steps + 1), self.options.alpha)
        new = keep * mean + (1 - keep) * norm
        off = (norm - new) * torch.where(early, norm - mean, norm - new)
        return torch.stack([steps + 1, new, keep * variance + (1 - keep) * off])

    def state_dict(self) -> dict[str, Any]:
        """Mean, variance, and what has been counted since the last report."""
        return {**super().state_dict(), "past": None if self._past is None else self._past.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        super().load_state_dict(state)
        self._past = None if state["past"] is None else state["past"].to(self._device)


def build(options: Options) -> ZClip:
    """Before the first step."""
    return ZClip(options)
