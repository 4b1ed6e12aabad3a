"""Adamax: Adam with the largest recent gradient in place of the root mean square.

Steadier than Adam where gradients are sparse and heavy-tailed, as in embeddings.

Source: Kingma & Ba 2014, arXiv 1412.6980, section 7.1. Runs on torch.optim.Adamax.
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

    lr: Positive = 2e-3
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """Decay rates of the running mean of the gradient and of its largest size."""
    eps: Positive = 1e-8
    """Added to the largest size."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's Adamax."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import wrapped

    return wrapped(
        torch.optim.Adamax, groups, options, device, _gain.adamax,
        betas=options.betas, eps=options.eps,
    )  # fmt: skip
