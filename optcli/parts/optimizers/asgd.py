"""Averaged stochastic gradient descent: plain steps at a slowly falling rate, and the mean of all weights on the way.

For linear models and language models with recurrent nets, where the last weights jump about a good mean. Evaluations
and `model.safetensors` have the averaged weights, from step `t0` on. Leave the schedule constant: the rate falls by
itself.

Source: Polyak & Juditsky 1992, https://doi.org/10.1137/0330046; rates: Bottou 2010, in the form of torch.optim.ASGD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge

from optcli.units import STRICT, NonNegative, Positive

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

GATED = True


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
    lambd: NonNegative = 1e-4
    """How fast the rate falls: at step t it is lr / (1 + lambd * lr * (t - 1))^alpha; all weights also decay by it."""
    alpha: NonNegative = 0.75
    """Power of that fall."""
    t0: Annotated[int, Ge(0)] = 100
    """Steps before averaging begins."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli with torch's names of state, and `train_mode` and `eval_mode`."""
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers._free.net import Mean

    defaults = {"decoupled": options.decay == "decoupled"}
    return Mean(
        "ASGD",
        rated(groups, options.lr),
        {**defaults, "lambd": options.lambd, "alpha": options.alpha, "t0": options.t0},
        ["step", "ax"],
        _update,
        _gain.asgd,
        made={"ax": lambda p: p.clone()},
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

    from optcli.parts.optimizers._own.net import decayed

    grads, step = decayed(params, grads, group, lr), state["step"][0]
    rate = lr / (1 + group["lambd"] * lr * (step - 1)) ** group["alpha"]
    torch._foreach_mul_(params, 1 - group["lambd"] * rate)
    torch._foreach_sub_(params, torch._foreach_mul(grads, rate))
    share = 1 / (step - 1 - group["t0"]).clamp(min=1)
    towards = torch._foreach_sub(params, state["ax"])
    torch._foreach_add_(state["ax"], torch._foreach_mul(towards, share))
