"""NAdam: Adam with Nesterov's look-ahead.

A strong all-rounder: with decoupled decay it is the baseline of the AlgoPerf benchmark. Rates as for Adam.

Source: Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ. Runs on torch.optim.NAdam.
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

    lr: Positive = 1e-3
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """Decay rates of the running mean of the gradient and of its square."""
    eps: Positive = 1e-8
    """Added to the root of the second moment."""
    momentum_decay: NonNegative = 4e-3
    """How fast the momentum grows towards its final value."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's NAdam."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import wrapped

    optimizer = wrapped(
        torch.optim.NAdam, groups, options, device, _gain.adam, native=True,
        betas=options.betas, eps=options.eps, momentum_decay=options.momentum_decay,
    )  # fmt: skip
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            # torch makes these in the first step; if that one is bad they must be known to start at 0 and 1.
            count = torch.zeros((), device=parameter.device if group["capturable"] else "cpu")
            zeros = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
            optimizer.state[parameter] = {"step": count, "mu_product": count + 1, **zeros}
    return optimizer
