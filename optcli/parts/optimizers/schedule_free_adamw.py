"""AdamW without a schedule: the average of its iterates is what a decaying rate would lead to.

Needs no decay of the rate and no planned end: leave the schedule constant, with a warm-up of a few percent. Takes about
AdamW's time and memory; try rates 1 to 10 times AdamW's. Evaluations and `model.safetensors` have the averaged weights.

Source: Defazio et al. 2024, arXiv 2405.15682, algorithm 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Gt, Lt

from optcli.units import STRICT, NonNegative, Positive

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

GATED = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 2.5e-3
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    beta: Annotated[float, Gt(0), Lt(1)] = 0.9
    """Where gradients are taken: 0 at the plain iterate, 1 at the average."""
    beta2: Annotated[float, Gt(0), Lt(1)] = 0.999
    """Decay rate of the running mean of squared gradients."""
    eps: Positive = 1e-8
    """Added to the root of the running mean."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli with `train_mode` and `eval_mode`."""
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers._free.net import Free
    from optcli.parts.optimizers._own.net import scalar

    defaults = {"decoupled": options.decay == "decoupled", "beta": options.beta, "beta2": options.beta2}
    return Free(
        "ScheduleFreeAdamW",
        rated(groups, options.lr),
        {**defaults, "eps": options.eps},
        ["step", "largest_rate", "weight_sum", "z", "exp_avg_sq"],
        _update,
        _gain.free_adam,
        made={"largest_rate": scalar, "weight_sum": scalar, "z": lambda p: p.clone()},
    )


def _update(
    params: list[Tensor],
    grads: list[Tensor],
    state: dict[str, list[Tensor]],
    group: dict[str, Any],
    lr: float | Tensor,
    found_inf: Tensor | None,
) -> None:
    import torch

    from optcli.parts.optimizers._free.net import advance

    decay, square = group["weight_decay"], state["exp_avg_sq"]
    if decay and not group["decoupled"]:
        grads = list(torch._foreach_add(grads, params, alpha=decay))
    torch._foreach_mul_(square, group["beta2"])
    torch._foreach_addcmul_(square, grads, grads, 1 - group["beta2"])
    unbias = -torch.expm1(state["step"][0] * math.log(group["beta2"]))  # 1 - beta2^t without cancellation
    scale = list(torch._foreach_div(square, unbias))
    torch._foreach_sqrt_(scale)
    torch._foreach_add_(scale, group["eps"])
    steps = list(torch._foreach_div(grads, scale))
    if decay and group["decoupled"]:
        torch._foreach_add_(steps, params, alpha=decay)
    advance(params, steps, state, group, lr)
