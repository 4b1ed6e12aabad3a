"""Encoder and decoder, as two chains of layers."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import Tensor, nn

from optcli.parts.models._stack.net import Stack, activation

if TYPE_CHECKING:
    from optcli.parts.models.autoencoder import Options

Layers = list[tuple[str, nn.Module]]


class Autoencoder(nn.Module):
    """The decoder on the encoder's code."""

    def __init__(self, encoder: Stack, decoder: Stack) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor) -> Tensor:
        again: Tensor = self.decoder(self.encoder(x))
        return again

    def set_dropout(self, rate: float) -> None:
        """Dropout after each hidden layer of the encoder."""
        self.encoder.set_dropout(rate)


def dense(shape: tuple[int, ...], options: Options) -> tuple[Stack, Stack]:
    """Linear layers from a sample's numbers over `widths` to the code, and back."""
    sizes = (math.prod(shape), *options.widths, options.code)
    encoder: Layers = [("flatten", nn.Flatten())] if len(shape) > 1 else []
    encoder += _chain(sizes, options)
    return Stack(encoder, _places(options)), Stack(_chain(sizes[::-1], options))


def conv(shape: tuple[int, ...], options: Options) -> tuple[Stack, Stack]:
    """Convolutions, each of which halves the image as long as it can be, and back."""
    depths, sizes = (shape[0], *options.widths), [shape[1:]]
    for _ in options.widths:
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    inner = (depths[-1], *sizes[-1])
    encoder: Layers = [
        (f"block{i}", _block(nn.Conv2d(depth, wanted, 3, 2, 1), wanted, options))
        for i, (depth, wanted) in enumerate(pairwise(depths))
    ]
    encoder += [("flatten", nn.Flatten()), ("code", nn.Linear(math.prod(inner), options.code))]
    decoder: Layers = [("grow", nn.Linear(options.code, math.prod(inner))), ("unflatten", nn.Unflatten(1, inner))]
    decoder += [("act", activation(options.activation))] if options.widths else []
    for i in reversed(range(len(options.widths))):
        larger = nn.Sequential(nn.Upsample(sizes[i]), nn.Conv2d(depths[i + 1], depths[i], 3, padding=1))
        decoder.append((f"block{i}", _block(larger, depths[i], options) if i else larger))
    return Stack(encoder, _places(options)), Stack([*decoder, ("flat", nn.Flatten())])


def _places(options: Options) -> list[str]:
    return [f"block{i}" for i in range(len(options.widths))]


def _chain(sizes: tuple[int, ...], options: Options) -> Layers:
    """Linear layers of these sizes, with norm and non-linearity after all but the last."""
    *hidden, last = (nn.Linear(*pair) for pair in pairwise(sizes))
    blocks = [(f"block{i}", _block(layer, layer.out_features, options)) for i, layer in enumerate(hidden)]
    return [*blocks, ("last", last)]


def _block(layer: nn.Module, width: int, options: Options) -> nn.Sequential:
    flat = isinstance(layer, nn.Linear)
    norm = [(nn.BatchNorm1d if flat else nn.BatchNorm2d)(width)] if options.norm == "batch" else []
    return nn.Sequential(layer, *norm, activation(options.activation))
