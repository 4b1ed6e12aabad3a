"""Adds normal noise to the gradient, less and less of it.

Helps very deep or badly initialized nets out of poor starts. The variance at step t is strength / (1 + t)^gamma. The
noise depends on the seed and the step alone, so resumed and shared runs see the same.

Source: Neelakantan et al. 2015, arXiv 1511.06807.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optcli.units import STRICT, NonNegative

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

REPORTS = {"noise_std": "standard deviation of the noise in the next step"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 0.01
    """Variance at the first step: 0.01, 0.3 and 1 are the paper's."""
    gamma: NonNegative = 0.55
    """How fast the variance falls."""


class GradientNoise:
    """The noise of every step."""

    def __init__(self, options: Options) -> None:
        self.options, self.step, self._seed = options, 0, 0
        self._generator: Any = None

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Take the run's seed, which is the same in all processes when the optimizer is made."""
        import torch

        self._seed = torch.initial_seed() % 2**32
        self._generator = torch.Generator(optimizer.param_groups[0]["params"][0].device)

    def on_grads(self, params: list[Tensor], grads: list[Tensor], norms: Tensor, up: Tensor) -> None:
        """Add the step's noise."""
        import torch

        # Odd multiples keep the seeds of steps and of runs apart.
        self._generator.manual_seed((self._seed * 0x9E3779B1 + self.step * 0x85EBCA77 + 1) % 2**63)
        spread = (self.options.strength / (1 + self.step) ** self.options.gamma) ** 0.5
        self.step += 1
        for grad in grads:
            noise = torch.empty_like(grad).normal_(0.0, 1.0, generator=self._generator)
            grad.add_(noise, alpha=spread)

    def report(self) -> dict[str, float]:
        """The noise's standard deviation in the next step."""
        return {"noise_std": (self.options.strength / (1 + self.step) ** self.options.gamma) ** 0.5}

    def state_dict(self) -> dict[str, int]:
        """The step."""
        return {"step": self.step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a `state_dict`."""
        self.step = int(state["step"])


def build(options: Options) -> GradientNoise:
    """Before the first step."""
    return GradientNoise(options)
