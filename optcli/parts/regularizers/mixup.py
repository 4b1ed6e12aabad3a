"""Trains on blends of two samples, with the loss blended alike.

Makes classifiers less certain between the classes, and more robust; costs accuracy on small nets that underfit anyway.
Training loss then reads higher than validation loss. For inputs that are numbers: vectors and images.

Source: Zhang et al. 2017, arXiv 1710.09412.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._mixing import Mixing
from optcli.units import STRICT, Positive, Share

if TYPE_CHECKING:
    from torch import Tensor

TAKES = frozenset({"vector", "image"})
REPORTS = {"kept_share": "mean share of a sample that is its own, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    alpha: Positive = 0.2
    """Of the beta distribution: 0.1 to 0.4 is mild, 1 blends evenly."""
    share: Share = 1.0
    """Share of the batches that are mixed."""


class Mixup(Mixing):
    """Blends the whole input."""

    def on_batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Each sample blended with its partner."""
        import torch

        self.kept = self.draw(x)
        self.count(self.kept)
        return torch.lerp(x.flip(0), x, self.kept), y


def build(options: Options) -> Mixup:
    """The blend."""
    return Mixup(options.alpha, options.share)
