"""Adam: rates adapted to each parameter by running moments of its gradient.

The default for most models, little tuning needed: 1e-3 is a fair start, up to 1e-2 for small nets, 3e-4 for
transformers. With a weight decay prefer the default `decoupled` kind (then it is AdamW).

Source: Kingma & Ba 2014, arXiv 1412.6980; amsgrad: Reddi et al. 2018, arXiv 1904.09237. Runs on torch.optim.Adam.
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
    weight_decay: NonNegative = 0.0
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
    """torch's Adam with its fused kernel."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import finished, kernel, rated

    optimizer = torch.optim.Adam(
        rated(groups, options.lr),
        options.lr,
        options.betas,
        options.eps,
        amsgrad=options.amsgrad,
        decoupled_weight_decay=options.decay == "decoupled",
        **kernel(groups, device),
    )
    return finished(optimizer, _gain.adam)
