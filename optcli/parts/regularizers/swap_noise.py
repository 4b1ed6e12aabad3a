"""Replaces single values of a sample by those of other samples of the batch, in the same column.

Noise for tables: whatever a column's scale and distribution, what is put in is a value that occurs there. 0.05 to 0.15
is usual. One-hot columns are swapped singly, so a sample may have none or two of a kind.

Source: Bahri et al. 2021 (SCARF), arXiv 2106.15147; Jahrer 2017, winner of Porto Seguro's competition, gave the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._tally import Telling
from optcli.units import STRICT, Rate

if TYPE_CHECKING:
    from torch import Tensor

TAKES = frozenset({"vector"})
REPORTS = {"changed_values": "share of values that became another one, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    rate: Rate = 0.1
    """Share of the values that are replaced."""


class SwapNoise(Telling):
    """The swaps."""

    told = "changed_values"

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def on_batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The batch, (N, columns), with values moved within their columns."""
        import torch

        swapped = x.gather(0, torch.randint(len(x), x.shape, device=x.device))
        noisy = torch.where(torch.rand(x.shape, device=x.device) < self.rate, swapped, x)
        self.count((noisy != x).float().mean())
        return noisy, y


def build(options: Options) -> SwapNoise:
    """The swaps."""
    return SwapNoise(options.rate)
