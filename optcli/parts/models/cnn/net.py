"""The layers of the convolutional net."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from optcli.parts.models._stack.net import Stack, activation


def cnn(shape: tuple[int, ...], outputs: int, channels: Sequence[int], kind: str, norm: str, pool: str) -> Stack:
    """Blocks, then a linear head on all pixels or on the channels' means."""
    depth, height, width = shape
    layers: list[tuple[str, nn.Module]] = []
    for i, wanted in enumerate(channels):
        halve = min(height, width) >= 4
        layers.append((f"block{i}", _block(depth, wanted, kind, norm, halve)))
        depth = wanted
        if halve:
            height, width = height // 2, width // 2
    if pool == "mean":
        layers.append(("mean", nn.AdaptiveAvgPool2d(1)))
        height = width = 1
    layers += [("flatten", nn.Flatten()), ("head", nn.Linear(depth * height * width, outputs))]
    return Stack(layers, [f"block{i}" for i in range(len(channels))])


def _block(depth: int, wanted: int, kind: str, norm: str, halve: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(depth, wanted, 3, padding=1, bias=norm == "none")]
    if norm == "batch":
        layers.append(nn.BatchNorm2d(wanted))
    if norm == "group":
        layers.append(nn.GroupNorm(math.gcd(wanted, 8), wanted))
    layers.append(activation(kind))
    if halve:
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
