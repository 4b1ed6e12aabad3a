"""Adds normal noise to the inputs in training.

The oldest augmentation: for small noise the same as a penalty on the output's slope. For inputs that are numbers.

Source: Bishop 1995, https://doi.org/10.1162/neco.1995.7.1.108.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT, NonNegative

if TYPE_CHECKING:
    from torch import Tensor

TAKES = frozenset({"vector", "image"})
REPORTS = {"noise_std": "standard deviation of the noise, in the inputs' units"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    std: NonNegative = 0.1
    """Standard deviation of the noise, in the inputs' units."""


class InputNoise:
    """The noise."""

    def __init__(self, std: float) -> None:
        self.std = std

    def on_batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The batch with fresh noise."""
        import torch

        x = x if x.is_floating_point() else x.float()  # whole numbers, which only models that compute with them can do
        return torch.add(x, torch.randn_like(x), alpha=self.std), y

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        return {"noise_std": self.std}


def build(options: Options) -> InputNoise:
    """The noise."""
    return InputNoise(options.std)
