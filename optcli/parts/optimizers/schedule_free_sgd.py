"""Stochastic gradient descent without a schedule: the average of its iterates replaces the decay of the rate.

For models where SGD is at home. Leave the schedule constant, with a warm-up; take 5 to 50 times the rate that SGD with
momentum 0.9 would take. Evaluations and `model.safetensors` have the averaged weights.

Source: Defazio et al. 2024, arXiv 2405.15682.
"""

from __future__ import annotations

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

    lr: Positive = 0.1
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled` and `l2` are the same here: weight_decay * w is added to the step where the gradient is taken;
    `cautious`: weights that the step makes smaller anyway shrink by lr * weight_decay (arXiv 2510.12402)."""
    beta: Annotated[float, Gt(0), Lt(1)] = 0.9
    """Where gradients are taken: 0 at the plain iterate, 1 at the average."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli with `train_mode` and `eval_mode`."""
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers._free.net import Free
    from optcli.parts.optimizers._own.net import scalar

    return Free(
        "ScheduleFreeSGD",
        rated(groups, options.lr),
        {"beta": options.beta},
        ["largest_rate", "weight_sum", "z"],
        _update,
        _gain.free_sgd,
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

    decay = group["weight_decay"]
    steps = list(torch._foreach_add(grads, params, alpha=decay)) if decay else grads
    advance(params, steps, state, group, lr)
