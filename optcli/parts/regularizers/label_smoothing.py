"""Moves a share of each target's probability from the true class to all classes alike.

Keeps a classifier from growing ever more certain; 0.1 is usual. The training loss can't reach zero any more. Validation
uses the plain loss.

Source: Szegedy et al. 2015, arXiv 1512.00567, section 7.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from optcli.units import STRICT, Rate


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: Rate = 0.1
    """Share of the probability that is spread over all classes."""


class LabelSmoothing:
    """Hands the strength to a loss that knows `label_smoothing`."""

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def on_loss(self, loss_fn: Callable[..., Any]) -> Callable[..., Any]:
        """The smoothed loss.

        Raises:
            ValueError: the loss has no parameter `label_smoothing`.
        """
        if "label_smoothing" not in inspect.signature(loss_fn).parameters:
            raise ValueError("label smoothing needs a loss that knows it: `cross_entropy` or `bce`")
        return partial(loss_fn, label_smoothing=self.strength)


def build(options: Options) -> LabelSmoothing:
    """The hook that smooths."""
    return LabelSmoothing(options.strength)
