"""Adadelta: steps as large as the recent steps, in the units of the parameters; needs no learning rate.

Source: Zeiler 2012, arXiv 1212.5701. Runs on torch.optim.Adadelta.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, NonNegative, Positive, Rate

if TYPE_CHECKING:
    from torch.optim import Optimizer


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 1.0
    """Factor of the step that the method finds by itself; the schedule multiplies it."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    rho: Rate = 0.9
    """Decay rate of the running means of squared gradients and squared steps."""
    eps: Positive = 1e-6
    """Added under both roots; sets the size of the first steps."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's Adadelta."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import wrapped

    return wrapped(
        torch.optim.Adadelta, groups, options, device, _gain.adadelta,
        rho=options.rho, eps=options.eps,
    )  # fmt: skip
