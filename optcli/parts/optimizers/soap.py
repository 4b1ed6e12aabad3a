"""Adam in the eigenbasis of Shampoo's preconditioner: each matrix is turned to where its gradient is diagonal.

Needs about half of AdamW's steps on transformers and pays where a step's forward and backward pass cost much more than
a few small matrix products. Memory: AdamW's plus four square matrices a layer. Biases and norms are AdamW's. The first
step only looks at the gradient. Choose the rate as for AdamW, often 3 times higher.

Source: Vyas et al. 2024, arXiv 2409.11321, algorithm 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, Count, NonNegative, Positive, Rate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

GATED = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 3e-3
    """Learning rate: the base that the schedule multiplies."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    betas: tuple[Rate, Rate] = (0.95, 0.95)
    """Decay rates of the running means of the gradient, and of its square and the preconditioner."""
    eps: Positive = 1e-8
    """Added to the root of the second mean."""
    every: Count = 10
    """Steps between two refreshes of the eigenbasis."""
    largest: Count = 2048
    """A side of a matrix that is longer than this is not turned."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli; each group is split into matrices and the rest."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers._own.net import Own

    def sides(p: Tensor) -> list[int]:
        return [side if side <= options.largest else 0 for side in p.flatten(1).shape]

    defaults = {name: getattr(options, name) for name in ("betas", "eps", "every")}
    made: dict[str, Callable[[Tensor], Tensor]] = {}
    for at, side in enumerate(("left", "right")):
        made[side] = partial(_square, sides, at, torch.zeros)
        made[f"{side}_basis"] = partial(_square, sides, at, torch.eye)
    return Own(
        "SOAP",
        rated(list(_split(groups, [*made])), options.lr),
        {**defaults, "decoupled": options.decay == "decoupled", "count": 0},
        ["step", "exp_avg", "exp_avg_sq"],
        _update,
        _gain.soap,
        made=made,
    )


def _square(sides: Callable[[Tensor], list[int]], at: int, make: Callable[..., Tensor], p: Tensor) -> Tensor:
    """A square matrix as long as side `at` of the parameter's matrix."""
    return make(sides(p)[at], sides(p)[at], dtype=p.dtype, device=p.device)


def _split(groups: list[dict[str, Any]], more: list[str]) -> list[dict[str, Any]]:
    found = []
    for group in groups:
        for matrix in (True, False):
            params = [p for p in group["params"] if (p.ndim > 1) is matrix]
            own = {"name": f"{group['name']}, matrices", "slots": ["step", "exp_avg", "exp_avg_sq", *more]}
            if params:
                found.append({**group, "params": params, **(own if matrix else {})})
    return found


def _update(
    params: list[Tensor],
    grads: list[Tensor],
    state: dict[str, list[Tensor]],
    group: dict[str, Any],
    lr: float | Tensor,
    found_inf: Tensor | None,
) -> None:
    import torch

    from optcli.parts.optimizers._own.net import adam, decayed

    if "left" not in state:
        adam(params, grads, state, group, lr)
        return
    grads = decayed(params, grads, group, lr)
    group["count"] += 1
    if group["count"] == 1:  # a gradient seen in its own basis is all on the diagonal: no step from that
        torch._foreach_sub_(state["step"], 1)
        if found_inf is not None:  # there are no eigenvectors of what isn't finite; what comes of it is taken back
            grads = [torch.where(found_inf > 0, 0.0, grad) for grad in grads]
    for at, (parameter, grad) in enumerate(zip(params, grads, strict=True)):
        own = {slot: tensors[at] for slot, tensors in state.items()}
        if group["count"] > 1:
            parameter.sub_(_direction(grad, own, group["betas"], group["eps"]) * lr)
        _look(grad.flatten(1), own, group)


def _direction(grad: Tensor, state: dict[str, Tensor], betas: tuple[float, float], eps: float) -> Tensor:
    """Adam's step, taken in the eigenbasis and turned back.

    The state lies in memory as the weights do, so it is no matrix by a mere view where their channels are last.
    """
    state["exp_avg"].lerp_(grad, 1 - betas[0])
    state["exp_avg_sq"].lerp_(_turn(grad.flatten(1), state).square().view(grad.shape), 1 - betas[1])
    return _turn(turned(state, betas, eps), state, back=True).view_as(grad)


def turned(state: dict[str, Tensor], betas: tuple[float, float], eps: float) -> Tensor:
    """Adam's step in the eigenbasis, (rows, columns)."""
    import math

    import torch

    mean, square = state["exp_avg"].flatten(1), state["exp_avg_sq"].flatten(1)
    unbias = [-torch.expm1(state["step"] * math.log(beta)) if beta else 1.0 for beta in betas]
    return _turn(mean, state) / (square / unbias[1]).sqrt_().add_(eps) / unbias[0]


def _turn(matrix: Tensor, state: dict[str, Tensor], back: bool = False) -> Tensor:
    """Into the eigenbasis, or back; a side without a basis stays as it is."""
    left, right = state["left_basis"], state["right_basis"]
    if left.numel():
        matrix = (left if back else left.mT) @ matrix
    if right.numel():
        matrix = matrix @ (right.mT if back else right)
    return matrix


def _look(matrix: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
    """Take the gradient into the preconditioner, and refresh the basis if it is time."""
    first, due = group["count"] == 1, group["count"] % group["every"] == 1 or group["every"] == 1
    for axis, side, product in ((0, "left", matrix @ matrix.mT), (1, "right", matrix.mT @ matrix)):
        factor, basis = state[side], state[f"{side}_basis"]
        if not basis.numel():
            continue
        factor.lerp_(product, 1 - group["betas"][1])
        if first:
            basis.copy_(_eigenvectors(factor))
        elif due:
            _refresh(factor, basis, state["exp_avg_sq"], axis)


def _eigenvectors(factor: Tensor) -> Tensor:
    """In columns, that of the largest eigenvalue first."""
    import torch

    vectors: Tensor = torch.linalg.eigh(factor).eigenvectors
    return vectors.flip(1)


def _refresh(factor: Tensor, basis: Tensor, square: Tensor, axis: int) -> None:
    """One round of the power method, sorted by eigenvalue; the second mean is sorted alike."""
    import torch

    order = (basis.mT @ factor @ basis).diagonal().argsort(descending=True)
    square.copy_(square.flatten(1).index_select(axis, order).view(square.shape))
    basis.copy_(torch.linalg.qr(factor @ basis.index_select(1, order)).Q)
