"""`Stack`: named layers in a row, with places for dropout that cost nothing while they are empty."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.nn.modules.module import _has_any_global_hook

Net = TypeVar("Net", bound=nn.Module)
SHORT: Final[dict[type[nn.Module], Callable[[Any, Tensor], Tensor]]] = {
    nn.Flatten: lambda layer, x: x.flatten(layer.start_dim, layer.end_dim),
    nn.Linear: lambda layer, x: linear(x, layer._parameters["weight"], layer._parameters["bias"]),
    nn.ReLU: lambda layer, x: torch.relu(x),
}
"""What the call of a layer comes to that nobody hooks into."""


class Stack(nn.Sequential):
    """`nn.Sequential` of named layers. Dropout goes after each layer named in `places`.

    Layers keep their names when dropout is inserted, so weights saved with and without it are interchangeable.
    """

    def __init__(self, layers: Iterable[tuple[str, nn.Module]], places: Iterable[str] = ()) -> None:
        super().__init__(OrderedDict(layers))
        self.places = tuple(places)
        self.lr_scales: dict[str, float] = {}

    def forward(self, x: Tensor) -> Tensor:
        """The layers one after the other; plain ones without the way through `Module.__call__`.

        That way takes two microseconds a layer, 3 % of a step of a small net. Whoever hooks into a layer gets it.
        """
        plain = not _has_any_global_hook()  # type: ignore[no-untyped-call]
        for layer in self:
            short = SHORT.get(type(layer)) if plain else None
            x = layer(x) if short is None or _hooked(layer) else short(layer, x)
        return x

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


def _hooked(layer: nn.Module) -> bool:
    """Whether somebody waits for the layer's call."""
    forward = layer._forward_hooks or layer._forward_pre_hooks
    return bool(forward or layer._backward_hooks or layer._backward_pre_hooks)


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


def normalization(name: str, width: int) -> nn.Module:
    """A fresh norm over the last axis: `layer` or `rms`."""
    return nn.LayerNorm(width) if name == "layer" else nn.RMSNorm(width)


def start(model: Net, kind: str) -> Net:
    """The model with the weights of its linear and convolution layers begun anew, and their biases at zero.

    Args:
        kind: `torch` leaves them; `kaiming` (arXiv 1502.01852), `xavier` (Glorot & Bengio 2010, with its uniform
            distribution), `orthogonal` (arXiv 1312.6120, with the gain of ReLU).
    """
    fills: dict[str, Callable[[Tensor], Tensor]] = {
        "kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
        "xavier": nn.init.xavier_uniform_,
        "orthogonal": partial(nn.init.orthogonal_, gain=2**0.5),
    }
    for module in model.modules() if kind in fills else ():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            fills[kind](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def dropped(x: Tensor, rate: float) -> Tensor:
    """`x` itself where the rate is 0: torch's dropout would multiply by ones."""
    return torch.dropout(x, rate, True) if rate else x


def skipped(branch: Tensor, rate: float) -> Tensor:
    """A residual branch (N, ...), left out for a share `rate` of the samples and scaled up for the others."""
    if not rate:
        return branch
    kept = torch.rand(len(branch), *[1] * (branch.ndim - 1), device=branch.device) >= rate
    return branch * (kept / (1 - rate)).to(branch.dtype)


def pooled(states: Tensor, tokens: Tensor, pad: int | None) -> Tensor:
    """The mean (N, width) of the states (N, T, width) of all tokens (N, T) but `pad`; zero where there is none else."""
    if pad is None:
        return states.mean(1)
    read = (tokens != pad).to(states.dtype)[..., None]
    return (states * read).sum(1) / read.sum(1).clamp_min(1)


def set_paths(blocks: nn.Sequential, rate: float) -> None:
    """Set the attribute `path` of each block: 0 in the first, `rate` in the last.

    Raises:
        ValueError: there is one block only.
    """
    if len(blocks) < 2:
        raise ValueError("the first branch is never left out, and this model has one block only: give it more")
    for number, block in enumerate(blocks):
        block.path = rate * number / (len(blocks) - 1)  # type: ignore[assignment]
