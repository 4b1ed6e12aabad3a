"""Mean of the squared difference, over samples and targets.

The loss of regression. Outliers weigh much: see `huber`. Scale the targets to variance 1, then an untrained net has
about 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.facts import Facts
from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"regression"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set: nothing."""

    __pydantic_config__ = STRICT


def build(options: Options) -> Callable[..., Tensor]:
    """`loss(output (N, targets), target of as many values) -> scalar`."""
    from torch.nn.functional import mse_loss

    def loss(output: Tensor, target: Tensor) -> Tensor:
        # (N,) against (N, 1) would be broadcast to all pairs.
        return mse_loss(output, target.reshape(output.shape))

    return loss


def at_init(facts: Facts) -> float | None:
    """The targets' variance, as an untrained net gives about a constant."""
    return facts.target_variance
