"""Limits every entry of the gradient to a range.

Cruder than `clip_norm`, as it turns the gradient's direction; for gradients in which a few entries are far too large.

Source: as torch.nn.utils.clip_grad_value_.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._tally import Telling
from optcli.units import STRICT, Positive

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"clipped_steps": "share of steps in which it cut the gradient, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    max_value: Positive = 1.0
    """Largest absolute value of an entry."""


class ClipValue(Telling):
    """The limit on entries."""

    def __init__(self, max_value: float) -> None:
        super().__init__()
        self.max_value = max_value

    def on_grads(self, params: list[Tensor], grads: list[Tensor], norms: Tensor, up: Tensor) -> None:
        """Clamp all gradients; the report tells in how many steps any entry was out of range."""
        import torch

        largest = torch.stack(torch._foreach_norm(grads, torch.inf)).max()
        self._tally.add(largest > self.max_value, up)
        torch._foreach_clamp_max_(grads, self.max_value)
        torch._foreach_clamp_min_(grads, -self.max_value)


def build(options: Options) -> ClipValue:
    """The limit."""
    return ClipValue(options.max_value)
