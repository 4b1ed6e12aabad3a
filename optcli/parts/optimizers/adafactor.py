"""Adafactor: Adam's second moment kept as one value a row and column, for next to no memory.

For models whose optimizer state must be small. Steps are in units of each tensor's own size, the rate falls as one over
the root of the step, and there is no momentum: give it a warm-up and a constant or linear schedule.

Source: Shazeer & Stern 2018, arXiv 1804.04235. Runs on torch.optim.Adafactor.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le

from optcli.units import STRICT, NonNegative, Positive

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 1e-2
    """The largest relative step; the schedule multiplies it."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["decoupled", "l2", "cautious"] = "decoupled"
    """`decoupled`: weights shrink by lr * weight_decay each step; `l2`: weight_decay * w is added to the gradient;
    `cautious`: decoupled, but only for weights that the step makes smaller anyway (arXiv 2510.12402)."""
    beta2_decay: Annotated[float, Le(0)] = -0.8
    """The decay rate of the second moment at step t is 1 - t^beta2_decay."""
    eps: tuple[Positive, Positive] = (1e-16, 1e-3)
    """Least root of the second moment; and the least size that a tensor counts as."""
    d: Annotated[float, Ge(1)] = 1.0
    """Largest root mean square of a step before the rate is applied."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's Adafactor."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import finished, grown, kernel, rated, shrink, shrunk

    rates = rated(groups, options.lr)
    optimizer = torch.optim.Adafactor(
        shrunk(rates, l2=options.decay == "l2"),
        options.lr,
        options.beta2_decay,
        options.eps,
        options.d,
        weight_decay=0.0,
        **kernel(groups, device, fused=False),
    )
    optimizer.register_step_pre_hook(shrink)
    optimizer.register_step_pre_hook(grown)

    own = weakref.proxy(optimizer)  # or the two would keep each other alive

    def gain(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
        return _gain.adafactor(state, group, next(p for p in group["params"] if own.state[p] is state))

    return finished(optimizer, gain)
