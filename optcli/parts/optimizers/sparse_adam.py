"""Adam for embeddings with sparse gradients: rows that a batch doesn't have stay, and so do their moments.

For own models with large vocabularies, `nn.Embedding(..., sparse=True)`: a step costs what the batch's rows cost, not
the table's. Everything else in the model is trained by Adam, at the same rate. Sparse tables are not decayed.

Source: Kingma & Ba 2014, arXiv 1412.6980, in the form of torch.optim.SparseAdam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, NonNegative, Positive, Rate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

GATED = True
SPARSE = True


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
    """An optimizer of optcli; each group is split into sparse tables and the rest.

    Raises:
        ValueError: a sparse table is to be decayed, which would touch all of its rows.
    """
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated, split
    from optcli.parts.optimizers._own.net import Own

    parts = list(split(groups, "sparse"))
    if any(group["sparse"][0] and (group["weight_decay"] or group.get("cautious")) for group in parts):
        raise ValueError("an embedding with sparse gradients can't be decayed: take it out of the groups with decay")
    defaults = {"decoupled": options.decay == "decoupled", "betas": options.betas, "eps": options.eps}
    slots = ["step", "exp_avg", "exp_avg_sq"]
    return Own("SparseAdam", rated(parts, options.lr), defaults, slots, _update, _gain.adam)


def _update(
    params: list[Tensor],
    grads: list[Tensor],
    state: dict[str, list[Tensor]],
    group: dict[str, Any],
    lr: float | Tensor,
    found_inf: Tensor | None,
) -> None:
    import torch

    from optcli.parts.optimizers._own.net import adam

    if not group["sparse"][0]:
        adam(params, grads, state, group, lr)
        return
    first, second = group["betas"]
    slots = (state[slot] for slot in ("step", "exp_avg", "exp_avg_sq"))
    for parameter, grad, step, mean, square in zip(params, grads, *slots, strict=True):
        grad = grad.coalesce() if grad.is_sparse else grad.to_sparse(1)
        rows, values = grad.indices()[0], grad.values()
        means = mean[rows].lerp_(values, 1 - first)
        squares = square[rows].lerp_(values.square(), 1 - second)
        mean[rows], square[rows] = means, squares
        unbias = [-torch.expm1(step * math.log(beta)) if beta else 1.0 for beta in (first, second)]
        size = lr * unbias[1] ** 0.5 / unbias[0]
        parameter[rows] -= size * means / squares.sqrt_().add_(group["eps"])
