"""The layers of the fully connected net."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from torch import nn

from optcli.parts.models._stack.net import Stack, activation


def mlp(shape: tuple[int, ...], outputs: int, hidden: Sequence[int], kind: str, norm: str) -> Stack:
    """Linear, norm and activation for each width in `hidden`, then a linear head."""
    places = [f"act{i}" for i in range(len(hidden))]
    return Stack(_layers(shape, outputs, hidden, kind, norm), places)


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
