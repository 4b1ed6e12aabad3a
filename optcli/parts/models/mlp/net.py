"""The layers of the fully connected net."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from optcli.parts.models._stack.net import Stack, activation


def mlp(shape: tuple[int, ...], outputs: int, hidden: Sequence[int], kind: str, norm: str) -> Stack:
    """Linear, norm and activation for each width in `hidden`, then a linear head."""
    places = [f"act{i}" for i in range(len(hidden))]
    return Stack(_layers(shape, outputs, hidden, kind, norm), places)


@torch.no_grad()
def transfer(net: Stack, hidden: Sequence[int], base: int) -> None:
    """Scale the head's weights by 1 / sqrt(m), and the rates of all layers but the first by 1 / m, as in muP for Adam.

    `m` is the width of what goes into a layer over `base`. Hidden weights are by 1 / sqrt(inputs) as it is.
    """
    layers = [*(f"linear{i}" for i in range(1, len(hidden))), "head"]
    wider = [(name, width) for name, width in zip(layers, hidden, strict=True) if width != base]
    net.lr_scales = {f"{name}.weight": base / width for name, width in wider}
    net.get_parameter("head.weight").mul_((base / hidden[-1]) ** 0.5)


def _layers(
    shape: tuple[int, ...], outputs: int, hidden: Sequence[int], kind: str, norm: str
) -> Iterator[tuple[str, nn.Module]]:
    if len(shape) > 1:
        yield "flatten", nn.Flatten()
    width = math.prod(shape)
    for i, wanted in enumerate(hidden):
        yield f"linear{i}", nn.Linear(width, wanted, bias=norm != "batch")  # batch norm takes the bias out again
        if norm != "none":
            yield f"norm{i}", nn.BatchNorm1d(wanted) if norm == "batch" else nn.LayerNorm(wanted)
        yield f"act{i}", activation(kind)
        width = wanted
    yield "head", nn.Linear(width, outputs)
