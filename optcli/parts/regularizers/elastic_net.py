"""L1 and L2 together: exact zeros, with related weights shrunk alike instead of one of them chosen.

For inputs that are strongly correlated, where `l1` alone keeps an arbitrary one. The penalty is strength times
(l1_share * |w| + (1 - l1_share) / 2 * w^2), summed over all weights; the first part is a soft threshold after each
step, see `l1`.

Source: Zou & Hastie 2005, https://doi.org/10.1111/j.1467-9868.2005.00503.x.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers.l1 import L1
from optcli.parts.regularizers.l2 import L2
from optcli.units import STRICT, NonNegative, Share

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

REPORTS = {
    "sparsity": "share of weights that are exactly zero",
    "penalty": "the penalty at the last step, in units of the loss; `penalty_share` is over the training loss",
}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 1e-4
    """Factor of the whole penalty, in units of the loss."""
    l1_share: Share = 0.5
    """Share of the absolute values; the rest are squares."""


class ElasticNet:
    """The soft threshold of `l1` and the penalty of `l2`."""

    def __init__(self, options: Options) -> None:
        self._l1 = L1(options.strength * options.l1_share)
        self._l2 = L2(options.strength * (1 - options.l1_share))

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """See `L1.on_optimizer`."""
        self._l1.on_optimizer(optimizer)

    def penalty(self, params: list[Tensor]) -> Tensor:
        """The squares' part, a float32 scalar with a gradient."""
        return self._l2.penalty(params)

    def after_step(self, params: list[Tensor], lr: float | Tensor) -> None:
        """See `L1.after_step`."""
        self._l1.after_step(params, lr)

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        thresholds, squares = self._l1.report(), self._l2.report()
        both = thresholds.get("penalty", 0.0) + squares.get("penalty", 0.0)
        return {**thresholds, "penalty": both} if thresholds else {}


def build(options: Options) -> ElasticNet:
    """Both parts."""
    return ElasticNet(options)
