"""Adam that finds its own rate: it estimates how far the solution is from the start.

Leave `lr` at 1 and let the schedule decay it; a cosine or linear decay helps, a warm-up is hardly needed. For a first
run on a new problem, where a search over rates would cost more; a tuned AdamW is as good and cheaper. `growth: 1.02`
holds the estimate back if the first steps are wild. Costs two more copies of the weights than Adam.

Source: Mishchenko & Defazio 2023, arXiv 2306.06101, algorithm 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge

from optcli.units import STRICT, NonNegative, Positive, Rate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from optcli.parts.optimizers._own.net import Work

GATED = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 1.0
    """Factor of the rate that is found; the schedule multiplies it."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by the rate * weight_decay; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    """Decay rates of the running means of the gradient and of its square."""
    eps: Positive = 1e-8
    """Added to the root of the second mean, in units of the rate."""
    d0: Positive = 1e-6
    """First guess of the distance; too small is safe."""
    d_coef: Positive = 1.0
    """Factor of the estimate: 0.5 to 2 to be more careful or bolder."""
    growth: Annotated[float, Ge(1)] | None = None
    """The most by which the estimate may grow in a step; no limit if left out."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli; the estimate is the slot `d`, the same in all parameters."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers._own.net import Own, scalar

    defaults = {"decoupled": options.decay == "decoupled", "betas": options.betas, "eps": options.eps}
    start = {name: lambda p: torch.full((), options.d0, device=p.device) for name in ("d", "d_max")}
    return Own(
        "Prodigy",
        rated(groups, options.lr),
        {**defaults, "d0": options.d0, "d_coef": options.d_coef, "growth": options.growth},
        ["d", "d_max", "numerator", "start", "sum", "exp_avg", "exp_avg_sq"],
        _update,
        _gain.prodigy,
        made={**start, "numerator": scalar, "start": lambda p: p.clone()},
        before=_estimate,
    )


def _estimate(works: list[Work], rates: Sequence[float | Tensor]) -> None:
    """The running means of all parameters, and from them the new distance.

    `used` in each group's state is the distance that this step moves by.
    """
    import torch

    group, first = works[0][3], works[0][2]
    d, numerator = first["d"][0].clone(), first["numerator"][0] * group["betas"][1] ** 0.5
    scale = d * d / group["d0"] * max(rates)
    size = torch.zeros_like(d)
    for params, grads, state, own in works:
        if own["weight_decay"] and not own["decoupled"]:
            grads[:] = torch._foreach_add(grads, params, alpha=own["weight_decay"])
        way = torch._foreach_mul(torch._foreach_sub(state["start"], params), grads)
        numerator = numerator + scale * torch.stack([w.sum() for w in way]).sum()
        _means(grads, state, own, d, scale)
        size = size + torch.stack(torch._foreach_norm(state["sum"], 1)).sum()
        state["used"] = [d]
    guess = torch.where(size > 0, group["d_coef"] * numerator / size, d)
    largest = torch.maximum(first["d_max"][0], guess)
    new = torch.where(d == torch.full_like(d, group["d0"]), torch.maximum(d, guess), d)
    new = largest if group["growth"] is None else torch.minimum(largest, new * group["growth"])
    for _, _, state, _ in works:
        for slot, value in (("d", new), ("d_max", largest), ("numerator", numerator)):
            torch._foreach_copy_(state[slot], [value] * len(state[slot]))


def _means(grads: list[Tensor], state: dict[str, list[Tensor]], group: dict[str, Any], d: Tensor, scale: Any) -> None:
    import torch

    first, second = group["betas"]
    torch._foreach_mul_(state["exp_avg"], first)
    torch._foreach_add_(state["exp_avg"], torch._foreach_mul(grads, d * (1 - first)))
    torch._foreach_mul_(state["exp_avg_sq"], second)
    scaled = torch._foreach_mul(grads, d)
    torch._foreach_addcmul_(state["exp_avg_sq"], scaled, scaled, 1 - second)
    torch._foreach_mul_(state["sum"], second**0.5)
    torch._foreach_add_(state["sum"], torch._foreach_mul(grads, scale))


def _update(
    params: list[Tensor],
    grads: list[Tensor],
    state: dict[str, list[Tensor]],
    group: dict[str, Any],
    lr: float | Tensor,
    found_inf: Tensor | None,
) -> None:
    import torch

    rate = state["used"][0] * lr
    scale = list(torch._foreach_sqrt(state["exp_avg_sq"]))
    torch._foreach_add_(scale, [state["d"][0] * group["eps"]] * len(scale))
    steps = list(torch._foreach_div(state["exp_avg"], scale))
    if group["weight_decay"] and group["decoupled"]:
        # With the first rates, 1 - rate * decay would be 1 in single precision.
        torch._foreach_add_(steps, params, alpha=group["weight_decay"])
    torch._foreach_sub_(params, torch._foreach_mul(steps, rate))
