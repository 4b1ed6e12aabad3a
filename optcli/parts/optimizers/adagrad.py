"""Adagrad: the gradient divided by the root of the sum of all its squares.

For sparse features and convex problems: rates only ever fall, so that long trainings of nets come to a halt.

Source: Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html. Runs on torch.optim.Adagrad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, NonNegative, Positive

if TYPE_CHECKING:
    from torch.optim import Optimizer


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 1e-2
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    lr_decay: NonNegative = 0.0
    """The rate of step t is divided by 1 + (t - 1) * lr_decay, on top of the schedule."""
    initial: NonNegative = 0.0
    """Where the sums of squares start."""
    eps: Positive = 1e-10
    """Added to the root of the sum."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's Adagrad, on a CPU with its fused kernel."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import wrapped

    return wrapped(
        torch.optim.Adagrad, groups, options, device, _gain.adagrad, fused=device == "cpu",
        lr_decay=options.lr_decay, initial_accumulator_value=options.initial, eps=options.eps,
    )  # fmt: skip
