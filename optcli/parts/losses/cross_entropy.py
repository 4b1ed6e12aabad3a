"""Negative log-likelihood of the true class under a softmax, in nats.

The loss of classification and language models. An untrained net has about log(classes): 2.30 for ten. Works on logits
(no softmax in the model); for (samples, positions, tokens) the mean is over all positions, and for labels of pixels,
(samples, classes, height, width) against (samples, height, width), over all pixels. The label -100 is none: what has it
is left out.

Source: as torch.nn.functional.cross_entropy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.facts import Facts
from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import Tensor

TASKS = frozenset({"classification", "language"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set: nothing."""

    __pydantic_config__ = STRICT


def build(options: Options) -> Callable[..., Tensor]:
    """`loss(output (..., classes) or (N, classes, H, W), target (...) int64, label_smoothing=0.0) -> scalar`."""
    from torch.nn.functional import cross_entropy

    from optcli.parts._by_class import by_class

    def loss(output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        if output.ndim > 2:
            output, target = by_class(output, target)
        return cross_entropy(output, target, label_smoothing=label_smoothing)

    return loss


def at_init(facts: Facts) -> float:
    """All classes alike: log(classes)."""
    return math.log(facts.outputs)
