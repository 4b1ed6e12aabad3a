"""Stochastic gradient descent, with momentum (heavy ball or Nesterov).

The plain baseline: least memory, cheapest step, and with a tuned rate and decay often the best final accuracy on image
models. Needs a larger learning rate than Adam (0.01 to 0.5) and is more sensitive to it. Decoupled and L2 decay differ
only with momentum: L2 sends the decay through the momentum buffer.

Momentum buffers start at zero, so that a skipped first step is harmless; with `dampening` the first step is damped too,
which torch's own first step is not.

Source: Polyak 1964, https://doi.org/10.1016/0041-5553(64)90137-5; Sutskever et al. 2013 (Nesterov's form).
Runs on torch.optim.SGD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, NonNegative, Positive, Rate

if TYPE_CHECKING:
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
    momentum: Rate = 0.0
    """Share of the last update that is carried on; 0.9 is usual."""
    nesterov: bool = False
    """Look ahead along the momentum before taking the gradient; needs a momentum and no dampening."""
    dampening: Rate = 0.0
    """Share of the gradient that is kept out of the momentum buffer."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.nesterov and options.dampening != 0:
        return [("nesterov", "Nesterov's momentum can't be dampened", "remove `dampening` or `nesterov`")]
    return []


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's SGD with its fused kernel, momentum buffers at zero."""
    import torch

    from optcli.parts.optimizers import _gain
    from optcli.parts.optimizers._build import finished, kernel, rated, shrink, shrunk

    rates = rated(groups, options.lr)
    if options.decay == "decoupled" and options.momentum > 0:
        rates = shrunk(rates)
    optimizer = torch.optim.SGD(
        rates, options.lr, options.momentum, options.dampening, nesterov=options.nesterov, **kernel(groups, device)
    )
    if options.momentum > 0:
        for parameter in (p for group in groups for p in group["params"]):
            optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        optimizer.register_step_pre_hook(shrink)
    return finished(optimizer, _gain.momentum)
