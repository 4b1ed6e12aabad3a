"""AdamW: Adam with decoupled weight decay, 0.01 by default.

The usual choice for transformers and a good one anywhere. The decay works over about 1 / (lr * weight_decay) steps;
that should be at least an epoch and at most the run.

Source: Loshchilov & Hutter 2017, arXiv 1711.05101. Runs on torch.optim.AdamW.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, NonNegative, Positive, Rate

if TYPE_CHECKING:
    from torch.optim import Optimizer

GATED = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 1e-3
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.01
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """Decay rates of the running mean of the gradient and of its square."""
    eps: Positive = 1e-8
    """Added to the root of the second moment: keeps rarely used parameters from jumping."""
    amsgrad: bool = False
    """Divide by the largest second moment seen so far."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's AdamW with its fused kernel."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import finished, kernel, rated

    family = torch.optim.AdamW if options.decay == "decoupled" else torch.optim.Adam
    optimizer = family(
        rated(groups, options.lr),
        options.lr,
        options.betas,
        options.eps,
        amsgrad=options.amsgrad,
        **kernel(groups, device),
    )
    return finished(optimizer, _gain.adam)
