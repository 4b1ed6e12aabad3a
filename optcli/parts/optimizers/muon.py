"""Muon: the momentum of each hidden matrix, made orthogonal; AdamW for everything else.

Needs about half of AdamW's steps on transformers, and pays where a step's forward and backward pass cost much more than
a few small matrix products: from thousands of tokens a step on. Embeddings, head, norms and biases are AdamW's. Updates
are scaled to the size of AdamW's, so a rate that is right for AdamW is a fair start.

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; the scale: Liu et al. 2025, arXiv 2502.16982.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from optcli.units import STRICT, Count, NonNegative, Positive, Rate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

GATED = True
BY_LAYER = True
POLYNOMIAL: Final = (3.4445, -4.7750, 2.0315)
"""Of the singular values: a s + b s^3 + c s^5 brings them near 1 in a few rounds, the small ones fastest."""


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
    momentum: Rate = 0.95
    """Decay rate of the momentum of hidden matrices (Nesterov's form)."""
    rounds: Count = 5
    """Newton-Schulz iterations."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """AdamW's decay rates, for all other parameters."""
    eps: Positive = 1e-8
    """AdamW's eps, for all other parameters."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli; each group is split into its hidden matrices and the rest."""
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated, split
    from optcli.parts.optimizers._own.net import Own

    defaults = {
        "decoupled": options.decay == "decoupled",
        "beta": options.momentum,
        "rounds": options.rounds,
        "betas": options.betas,
        "eps": options.eps,
    }
    return Own(
        "Muon",
        rated(list(split(groups, "hidden", slots=["momentum_buffer"])), options.lr),
        defaults,
        ["step", "exp_avg", "exp_avg_sq"],
        _update,
        _gain.muon,
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

    from optcli.parts.optimizers._own.net import adam, decayed, descend

    if group["hidden"][0]:
        grads, momentum = decayed(params, grads, group, lr), state["momentum_buffer"]
        torch._foreach_lerp_(momentum, grads, 1 - group["beta"])
        ahead = list(torch._foreach_lerp(grads, momentum, group["beta"]))
        descend(params, orthogonal(ahead, group["rounds"]), lr)
        return
    adam(params, grads, state, group, lr)


def orthogonal(matrices: list[Tensor], rounds: int) -> list[Tensor]:
    """Each matrix with its singular values brought near 1, times 0.2 * sqrt(its longer side).

    Tensors of more than two axes count as matrices (first axis, all others). Equal shapes are done in one batch.
    """
    import torch

    done, alike = list(matrices), {}  # type: list[Tensor], dict[tuple[int, ...], list[int]]
    for i, matrix in enumerate(matrices):
        alike.setdefault(tuple(matrix.shape), []).append(i)
    for shape, places in alike.items():
        batch = torch.stack([matrices[i].flatten(1) for i in places])
        scale = 0.2 * math.sqrt(max(batch.shape[1:]))
        for i, made in zip(places, _newton_schulz(batch, rounds) * scale, strict=True):
            done[i] = made.view(shape).to(matrices[i].dtype)
    return done


def _newton_schulz(batch: Tensor, rounds: int) -> Tensor:
    """(N, rows, columns); in bfloat16 on a GPU, where it is fast, else in the precision given."""
    import torch

    first, third, fifth = POLYNOMIAL
    tall = batch.shape[1] > batch.shape[2]
    x = batch.mT if tall else batch
    x = x.to(torch.bfloat16) if x.is_cuda and x.dtype == torch.float32 else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(rounds):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=third, alpha=fifth), x, beta=first)
    return x.mT if tall else x
