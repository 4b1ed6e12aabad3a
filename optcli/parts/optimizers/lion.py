"""Lion: every parameter moves by the rate, in the direction of a mean of momentum and gradient.

Half the memory of Adam. Take a rate 3 to 10 times smaller than Adam's and a weight decay as much larger; it wants large
batches.

Source: Chen et al. 2023, arXiv 2302.06675.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, NonNegative, Positive, Rate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

GATED = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 3e-4
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    betas: tuple[Rate, Rate] = (0.9, 0.99)
    """Weight of the momentum in the direction, and decay rate of the momentum."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli; its state is one momentum for each parameter."""
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers._own.net import Own

    defaults = {"decoupled": options.decay == "decoupled", "betas": options.betas}
    return Own("Lion", rated(groups, options.lr), defaults, ["exp_avg"], _update, _gain.sign)


def _update(
    params: list[Tensor],
    grads: list[Tensor],
    state: dict[str, list[Tensor]],
    group: dict[str, Any],
    lr: float | Tensor,
    found_inf: Tensor | None,
) -> None:
    import torch

    from optcli.parts.optimizers._own.net import decayed, descend

    grads, momentum = decayed(params, grads, group, lr), state["exp_avg"]
    first, second = group["betas"]
    step = list(torch._foreach_lerp(momentum, grads, 1 - first))
    torch._foreach_sign_(step)
    descend(params, step, lr)
    torch._foreach_lerp_(momentum, grads, 1 - second)
