"""Binary cross-entropy on logits: every class is a yes-or-no question of its own.

For classes that don't exclude each other (the task `multilabel`: targets of 0 and 1, one for each class), or for
one-against-all training when the targets are class numbers. An untrained net has about log 2 = 0.69.

Source: as torch.nn.functional.binary_cross_entropy_with_logits.
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

TASKS = frozenset({"classification", "multilabel"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set: nothing."""

    __pydantic_config__ = STRICT


def build(options: Options) -> Callable[..., Tensor]:
    """`loss(output (N, classes), target (N,) int64 or (N, classes) of 0..1, label_smoothing=0.0) -> scalar`."""
    from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

    from optcli.parts._by_class import by_class

    def loss(output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        if target.ndim < output.ndim:
            output, target = by_class(output, target)
            target = one_hot(target, output.shape[-1])
        target = target.to(output.dtype)
        if label_smoothing:
            target = target * (1 - label_smoothing) + label_smoothing / 2
        return binary_cross_entropy_with_logits(output, target)

    return loss


def at_init(facts: Facts) -> float:
    """Every answer open: log 2."""
    return math.log(2)
