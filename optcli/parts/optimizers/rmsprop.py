"""RMSprop: the gradient divided by the root of a running mean of its square.

Old but handy for recurrent nets and reinforcement learning, where gradients change their size a lot. Like Adam without
a running mean of the gradient and without bias correction: the first steps are large, so use a warm-up. eps is added
after the root, as torch does.

torch has no fused kernel for it. Here the plain form runs on the fused Adam kernel with its first moment switched off
and its bias corrections at 1, the same arithmetic in one pass; `momentum` and `centered` take several.

Source: Tieleman & Hinton 2012, Coursera lecture 6.5; centered: Graves 2013, arXiv 1308.0850.
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

    lr: Positive = 1e-3
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    alpha: Rate = 0.99
    """Decay rate of the running mean of the squared gradient."""
    eps: Positive = 1e-8
    """Added to the root of the running mean."""
    momentum: Rate = 0.0
    """Share of the last update that is carried on."""
    centered: bool = False
    """Divide by the gradient's running standard deviation instead of its root mean square."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli with torch's names of state and groups."""
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import kernel, rated
    from optcli.parts.optimizers._own.net import Own

    defaults = {
        "decoupled": options.decay == "decoupled",
        "alpha": options.alpha,
        "eps": options.eps,
        "momentum": options.momentum,
        "centered": options.centered,
    }
    slots = ["square_avg"] + ["momentum_buffer"] * (options.momentum > 0) + ["grad_avg"] * options.centered
    if len(slots) == 1 and kernel(groups, device) == {"fused": True}:
        return Own("RMSprop", rated(groups, options.lr), defaults, slots, _fused, _gain.rmsprop, gates_itself=True)
    return Own("RMSprop", rated(groups, options.lr), defaults, slots, _update, _gain.rmsprop)


def _fused(
    params: list[Tensor],
    grads: list[Tensor],
    state: dict[str, list[Tensor]],
    group: dict[str, Any],
    lr: float | Tensor,
    found_inf: Tensor | None,
) -> None:
    import torch

    if "endless" not in state:
        # At step infinity both of Adam's bias corrections are exactly 1.
        state["endless"] = [torch.full((), torch.inf, device=p.device) for p in params]
    run: Any = torch._fused_adamw_ if group["decoupled"] else torch._fused_adam_
    # With beta1 = 0 the first moment is the gradient: its own memory serves.
    run(
        params, grads, grads, state["square_avg"], [], state["endless"],
        lr=lr, beta1=0.0, beta2=group["alpha"], weight_decay=group["weight_decay"], eps=group["eps"],
        amsgrad=False, maximize=False, grad_scale=None, found_inf=found_inf,
    )  # fmt: skip


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

    grads = decayed(params, grads, group, lr)
    square = state["square_avg"]
    torch._foreach_mul_(square, group["alpha"])
    torch._foreach_addcmul_(square, grads, grads, 1 - group["alpha"])
    mean = square
    if group["centered"]:
        torch._foreach_lerp_(state["grad_avg"], grads, 1 - group["alpha"])
        mean = list(torch._foreach_addcmul(square, state["grad_avg"], state["grad_avg"], -1.0))
        torch._foreach_clamp_min_(mean, 0.0)  # rounding makes a gradient's that stays the same negative
    scale = list(torch._foreach_sqrt(mean))
    torch._foreach_add_(scale, group["eps"])
    if group["momentum"] > 0:
        torch._foreach_mul_(state["momentum_buffer"], group["momentum"])
        torch._foreach_addcdiv_(state["momentum_buffer"], grads, scale)
        descend(params, state["momentum_buffer"], lr)
    else:
        descend(params, torch._foreach_div(grads, scale), lr)
