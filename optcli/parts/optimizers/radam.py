"""RAdam: Adam that waits with adapting rates until their estimate is sound.

The first steps are plain momentum, which saves the warm-up. Rates as for Adam.

Source: Liu et al. 2019, arXiv 1908.03265. Runs on torch.optim.RAdam.
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


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's RAdam."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import wrapped

    return wrapped(
        torch.optim.RAdam, groups, options, device, _gain.radam, native=True,
        betas=options.betas, eps=options.eps,
    )  # fmt: skip
