"""Moves a share of each target's probability from the true class to all classes alike.

Keeps a classifier from growing ever more certain; 0.1 is usual. The training loss can't reach zero any more. Validation
uses the plain loss.

Source: Szegedy et al. 2015, arXiv 1512.00567, section 7.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from optcli.units import STRICT, Rate

REPORTS = {"loss_floor": "the least training loss that there can be"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: Rate = 0.1
    """Share of the probability that is spread over all classes."""


class LabelSmoothing:
    """Hands the strength to a loss that knows `label_smoothing`."""

    def __init__(self, strength: float) -> None:
        self.strength, self._two, self._classes = strength, False, 0

    def on_loss(self, loss_fn: Callable[..., Any]) -> Callable[..., Any]:
        """The smoothed loss.

        Raises:
            ValueError: the loss has no parameter `label_smoothing`.
        """
        if "label_smoothing" not in inspect.signature(loss_fn).parameters:
            raise ValueError("label smoothing needs a loss that knows it: `cross_entropy` or `bce`")
        self._two = loss_fn.__module__.endswith(".bce")  # each class has a yes and a no there

        @wraps(loss_fn)
        def smoothed(output: Any, target: Any, **options: Any) -> Any:
            self._classes = output.shape[-1]
            return loss_fn(output, target, label_smoothing=self.strength, **options)

        return smoothed

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        spread = self.strength / (2 if self._two else max(self._classes, 1))
        rest = 1 if self._two else self._classes - 1
        shares = [spread] * rest + [1 - rest * spread]
        return {"loss_floor": -sum(q * math.log(q) for q in shares if q > 0)} if self._classes else {}


def build(options: Options) -> LabelSmoothing:
    """The hook that smooths."""
    return LabelSmoothing(options.strength)
