"""Sends each sample through the model twice and draws the two predictions, which dropout has made differ, together.

Works where `dropout` does, for which it makes training and evaluation agree; doubles the cost of a step. For
classification and language.

Source: Liang et al. 2021, arXiv 2106.14448.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from optcli.parts._by_class import by_class
from optcli.parts.origin import Misuse
from optcli.units import STRICT, NonNegative

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"classification", "language"})
REPORTS = {"penalty": "the penalty at the last step, in units of the loss; `penalty_share` is over the training loss"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 1.0
    """Factor of the divergence: 1 to 5 for classification."""


class RDrop:
    """Doubles the batch, and adds the symmetric divergence between its halves to the loss."""

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._last: Tensor | None = None

    def on_batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The batch twice."""
        import torch

        return torch.cat([x, x]), torch.cat([y, y])

    def on_loss(self, loss_fn: Callable[..., Any]) -> Callable[..., Any]:
        """The mean loss of both passes, plus the divergence."""

        @wraps(loss_fn)
        def agreeing(output: Any, target: Tensor, **options: Any) -> Any:
            if not hasattr(output, "float"):
                raise Misuse(f"r_drop compares predictions, and the model gives a {type(output).__name__} of them")
            penalty = self.strength * divergence(*by_class(output.float(), target)[0].chunk(2))
            self._last = penalty.detach()
            return loss_fn(output, target, **options) + penalty

        return agreeing

    def report(self) -> dict[str, float]:
        """The divergence's part of the last step's loss."""
        return {} if self._last is None else {"penalty": self._last.item()}


def divergence(one: Tensor, other: Tensor) -> Tensor:
    """Half the sum of both Kullback-Leibler divergences of two sets of logits (..., classes), the mean over samples."""
    first, second = one.log_softmax(-1), other.log_softmax(-1)
    return ((first.exp() - second.exp()) * (first - second)).sum(-1).mean() / 2


def build(options: Options) -> RDrop:
    """The doubling."""
    return RDrop(options.strength)
