"""Rprop: every weight has a step size of its own, which grows while its gradient keeps its sign and shrinks if not.

For full batches, `batch_size` as large as the data: where single batches disagree about the sign, it stalls.
Only signs of gradients count, so L2 decay matters only where it turns one; the schedule multiplies the step sizes.

Source: Riedmiller & Braun 1993, https://doi.org/10.1109/ICNN.1993.298623, in the form of torch.optim.Rprop: where the
sign changes, the weight waits for a step.
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

    lr: Positive = 1e-2
    """Every weight's first step size; the schedule multiplies the sizes that come of it."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    shrink: Annotated[float, Gt(0), Lt(1)] = 0.5
    """Factor of the step size where the gradient's sign has changed."""
    grow: Annotated[float, Gt(1)] = 1.2
    """Factor of the step size where it has not."""
    smallest: Positive = 1e-6
    """Bound of the step sizes."""
    largest: Positive = 50.0
    """Bound of the step sizes."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.smallest > options.largest:
        return [("smallest", "the smallest step is above the largest", "swap them")]
    return []


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """An optimizer of optcli with torch's names of state."""
    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers._own.net import Own

    defaults = {
        "decoupled": options.decay == "decoupled",
        "etas": (options.shrink, options.grow),
        "step_sizes": (options.smallest, options.largest),
    }
    optimizer = Own("Rprop", rated(groups, options.lr), defaults, ["prev", "step_size"], _update, _gain.rprop)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            optimizer.state[parameter]["step_size"].fill_(group["initial_lr"])
    return optimizer


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

    grads, before, sizes = decayed(params, grads, group, lr), state["prev"], state["step_size"]
    (shrink, grow), (smallest, largest) = group["etas"], group["step_sizes"]
    agreed = torch._foreach_mul(grads, before)
    for size, sign in zip(sizes, agreed, strict=True):
        size.mul_(torch.where(sign > 0, grow, torch.where(sign < 0, shrink, 1.0))).clamp_(smallest, largest)
    kept = [torch.where(sign < 0, 0.0, grad) for sign, grad in zip(agreed, grads, strict=True)]
    torch._foreach_copy_(before, kept)
    torch._foreach_sign_(kept)
    descend(params, torch._foreach_mul(kept, sizes), lr / group["initial_lr"])
