"""`Stack`: named layers in a row, with places for dropout that cost nothing while they are empty."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from torch import nn


class Stack(nn.Sequential):
    """`nn.Sequential` of named layers. Dropout goes after each layer named in `places`.

    Layers keep their names when dropout is inserted, so weights saved with and without it are interchangeable.
    """

    def __init__(self, layers: Iterable[tuple[str, nn.Module]], places: Iterable[str] = ()) -> None:
        super().__init__(OrderedDict(layers))
        self.places = tuple(places)

    def set_dropout(self, rate: float) -> None:
        """Insert dropout of this rate in every place, or change its rate there.

        Raises:
            ValueError: there is no place, as in a model without hidden layers.
        """
        if not self.places:
            raise ValueError("this model has no hidden layer, so no place for dropout")
        layers = OrderedDict(self._modules)
        self._modules.clear()
        for name, layer in layers.items():
            if not name.startswith("drop_"):
                self._modules[name] = layer
            if name in self.places:
                self._modules[f"drop_{name}"] = nn.Dropout(rate)


def activation(name: str) -> nn.Module:
    """A fresh layer of the non-linearity that options call `name`."""
    kinds: dict[str, type[nn.Module]] = {
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
    }
    return kinds[name]()
