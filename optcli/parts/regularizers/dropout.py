"""Zeroes a random share of the activations in training, and scales the others up.

Against overfitting of wide layers: 0.1 for transformers, 0.2 to 0.5 for fully connected nets. Training loss then reads
higher than validation loss: that is dropout, not a bug. Models leave places for it, which cost nothing while it is off;
in an own model, every `nn.Dropout` is such a place.

Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.units import STRICT, Rate

if TYPE_CHECKING:
    from torch import nn

REPORTS = {"rate": "share of activations that are zeroed"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    rate: Rate = 0.1
    """Share of the activations that are zeroed."""


class Dropout:
    """Sets the rate in all the places that a model has for it."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def on_model(self, model: nn.Module) -> None:
        """Switch dropout on in `model`.

        Raises:
            ValueError: the model has no place for dropout.
        """
        from torch import nn

        insert: Callable[[float], None] | None = getattr(model, "set_dropout", None)
        if insert is not None:
            insert(self.rate)
            return
        places = [module for module in model.modules() if isinstance(module, nn.modules.dropout._DropoutNd)]
        if not places:
            raise ValueError("this model has no place for dropout: give it `nn.Dropout` layers, or drop `dropout`")
        for module in places:
            module.p = self.rate

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        return {"rate": self.rate}


def build(options: Options) -> Dropout:
    """The hook that switches it on."""
    return Dropout(options.rate)
