"""Schedule-Free averaging: gradients are taken at y, between the plain iterate z and its running mean x.

`y = beta x + (1 - beta) z`. The model holds y while it trains and x while it is evaluated; x itself is never stored, as
it follows from y and z.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from optcli.parts.optimizers._own.net import Own


class Averaging(Own):
    """An `Own` whose parameters can be swapped for the means that evaluations want, which `show` puts into them."""

    _trained: list[list[Tensor]] | None = None

    def show(self, params: list[Tensor], state: dict[str, list[Tensor]], group: dict[str, Any]) -> None:
        """Make the parameters of a group the means."""
        raise NotImplementedError

    @torch.no_grad()
    def eval_mode(self) -> None:
        """The parameters become the means. A second call does nothing."""
        if self._trained is not None:
            return
        self._trained = []
        for group, (params, state) in zip(self.param_groups, self._bound, strict=True):
            self._trained.append([p.detach().clone() for p in params])
            self.show(params, state, group)

    @torch.no_grad()
    def train_mode(self) -> None:
        """The parameters become those in training again, bit for bit."""
        for (params, _), kept in zip(self._bound, self._trained or (), strict=False):
            torch._foreach_copy_(params, kept)
        self._trained = None


class Free(Averaging):
    """One with a slot `z`, whose parameters are y."""

    def show(self, params: list[Tensor], state: dict[str, list[Tensor]], group: dict[str, Any]) -> None:
        torch._foreach_lerp_(params, state["z"], 1 - 1 / group["beta"])


class Mean(Averaging):
    """One with a slot `ax`, the means themselves."""

    def show(self, params: list[Tensor], state: dict[str, list[Tensor]], group: dict[str, Any]) -> None:
        torch._foreach_copy_(params, state["ax"])


def advance(
    params: list[Tensor],
    steps: list[Tensor],
    state: dict[str, list[Tensor]],
    group: dict[str, Any],
    lr: float | Tensor,
) -> None:
    """Move z by -lr * step, and y with it towards the new mean.

    The mean weighs each step by the square of the largest rate so far, so that a warm-up counts little.
    """
    largest, total = state["largest_rate"], state["weight_sum"]
    if isinstance(lr, Tensor):
        torch._foreach_copy_(largest, [torch.maximum(r, lr.to(r.dtype)) for r in largest])
    else:
        torch._foreach_clamp_min_(largest, lr)
    torch._foreach_addcmul_(total, largest, largest)
    share = largest[0].square().div(total[0]).nan_to_num_(0.0)  # a rate of 0 so far: nothing to average
    towards = torch._foreach_sub(state["z"], params)
    torch._foreach_mul_(towards, share)
    torch._foreach_add_(params, towards)
    torch._foreach_add_(params, torch._foreach_mul(steps, lr * (group["beta"] * (1 - share) - 1)))
    torch._foreach_sub_(state["z"], torch._foreach_mul(steps, lr))
