"""Squared for small errors, linear for large ones: outliers lose their weight.

For regression with outliers or heavy tails. Below `delta` it is half the squared error, so gradients are half of
`mse`'s.

Source: Huber 1964, https://doi.org/10.1214/aoms/1177703732.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.facts import Facts
from optcli.units import STRICT, Positive

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"regression"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    delta: Positive = 1.0
    """Error, in units of the target, at which square turns into line."""


def build(options: Options) -> Callable[..., Tensor]:
    """`loss(output (N, targets), target of as many values) -> scalar`."""
    from torch.nn.functional import huber_loss

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return huber_loss(output, target.reshape(output.shape), delta=options.delta)

    return loss


def at_init(facts: Facts) -> None:
    """Depends on the targets' distribution."""
    return
