"""The residual net."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from optcli.parts.models._stack.net import set_paths, skipped


class Block(nn.Module):
    """relu(x + two convolutions of x), with batch norms; (N, channels, H, W) to (N, width, H / stride, W / stride)."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.rate = self.path = 0.0
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.shortcut: nn.Module | None = None
        if channels != width:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.norm1(self.conv1(x)))
        if self.rate and self.training:
            inner = torch.dropout(inner, self.rate, True)
        branch = skipped(self.norm2(self.conv2(inner)), self.path if self.training else 0.0)
        return torch.relu(branch + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nn.Module):
    """A first convolution, three stages of blocks (the second and third halve the image), the mean, a head."""

    def __init__(self, channels: int, outputs: int, blocks: int, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        stages: list[nn.Module] = []
        for stage in range(3):
            before, after = width * 2 ** max(stage - 1, 0), width * 2**stage
            stages += [Block(before if i == 0 else after, after, 2 if stage and i == 0 else 1) for i in range(blocks)]
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
