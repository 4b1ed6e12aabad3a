"""Leaves out whole residual branches at random in training (stochastic depth).

For deep residual nets and transformers: 0.1 to 0.3. The first branch is never left out, the last one with the rate
given, those between in proportion to their depth; what is kept is scaled up.

Source: Huang et al. 2016, arXiv 1603.09382.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT, Rate

if TYPE_CHECKING:
    from torch import nn

REPORTS = {"rate": "share of samples for which the last branch is left out"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    rate: Rate = 0.1
    """Share of the samples for which the last branch is left out."""


class DropPath:
    """Sets the rates in a model that has `set_drop_path`."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def on_model(self, model: nn.Module) -> None:
        """Switch it on.

        Raises:
            ValueError: the model has no residual branches that can be left out.
        """
        insert: Callable[[float], None] | None = getattr(model, "set_drop_path", None)
        if insert is None:
            models = "resnet, gpt, vit or tabular_transformer"
            raise ValueError(f"this model has no residual branches to leave out: take {models}")
        insert(self.rate)

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        return {"rate": self.rate}


def build(options: Options) -> DropPath:
    """The hook that switches it on."""
    return DropPath(options.rate)
