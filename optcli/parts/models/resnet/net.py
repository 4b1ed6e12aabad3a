"""The residual net."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from optcli.parts.models._stack.net import activation, set_paths, skipped

if TYPE_CHECKING:
    from optcli.parts.models.resnet import Options


class Block(nn.Module):
    """act(x + two convolutions of x), with norms; (N, channels, H, W) to (N, width, H / stride, W / stride)."""

    def __init__(self, channels: int, width: int, stride: int, kind: str, norm: str) -> None:
        super().__init__()
        self.rate = self.path = 0.0
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm1, self.norm2, self.act = _norm(norm, width), _norm(norm, width), activation(kind)
        self.shortcut: nn.Module | None = None
        if channels != width:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), _norm(norm, width))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.act(self.norm1(self.conv1(x)))
        if self.rate and self.training:
            inner = torch.dropout(inner, self.rate, True)
        branch = skipped(self.norm2(self.conv2(inner)), self.path if self.training else 0.0)
        joined: Tensor = self.act(branch + (x if self.shortcut is None else self.shortcut(x)))
        return joined


class ResNet(nn.Module):
    """A first convolution, three stages of blocks (the second and third halve the image), the mean, a head."""

    def __init__(self, channels: int, outputs: int, options: Options) -> None:
        super().__init__()
        width, kinds = options.width, (options.activation, options.norm)
        first = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.stem = nn.Sequential(first, _norm(options.norm, width), activation(options.activation))
        stages: list[nn.Module] = []
        for stage in range(3):
            before, after = width * 2 ** max(stage - 1, 0), width * 2**stage
            stages.append(Block(before, after, 2 if stage else 1, *kinds))
            stages += [Block(after, after, 1, *kinds) for _ in range(1, options.blocks)]
        self.blocks = nn.Sequential(*stages)
        self.head = nn.Linear(width * 4, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.blocks(self.stem(x)).mean((2, 3)))
        return logits

    def set_dropout(self, rate: float) -> None:
        """Dropout between the convolutions of each block."""
        for module in self.modules():
            if isinstance(module, Block):
                module.rate = rate

    def set_drop_path(self, rate: float) -> None:
        """Leave out branches: the first never, the last at `rate`."""
        set_paths(self.blocks, rate)


def _norm(kind: str, channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.GroupNorm(math.gcd(channels, 8), channels)
