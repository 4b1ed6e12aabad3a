"""The nets: convolutional, residual, attention, recurrent, autoencoders, a flow, and plain layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

BENDS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


def plain(inputs: int, outputs: int, width: int, depth: int, bend: str = "relu", dropout: float = 0.0) -> nn.Sequential:
    """Linear layers, `depth` of them hidden."""
    layers: list[nn.Module] = []
    for size in [inputs, *[width] * (depth - 1)]:
        layers += [nn.Linear(size, width), BENDS[bend](), nn.Dropout(dropout)]
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, outputs))


def convolutional(outputs: int, width: int, dropout: float) -> nn.Sequential:
    """Two convolutions on 14x14 pictures."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, 2, 1), nn.ReLU(), nn.Conv2d(width, width, 3, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Dropout(dropout), nn.Linear(width * 16, outputs),
    )  # fmt: skip


class Residual(nn.Module):
    """Blocks with shortcuts and batch normalization, on 14x14 pictures (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, outputs: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, 2, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, 1, 1), nn.BatchNorm2d(width), nn.ReLU(), nn.Dropout(dropout),
                          nn.Conv2d(width, width, 3, 1, 1), nn.BatchNorm2d(width))
            for _ in range(depth)
        )  # fmt: skip
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).relu()
        for block in self.blocks:
            x = (x + block(x)).relu()
        return self.head(x.mean((2, 3)))


class Attention(nn.Module):
    """Masked self-attention and a feed-forward net, normalized before (GPT-2)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.enter, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        shape = (*x.shape[:2], 2, x.shape[2] // 2)
        q, k, v = (part.reshape(shape).transpose(1, 2) for part in self.enter(self.before(x)).chunk(3, -1))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.drop(self.leave(mixed.transpose(1, 2).reshape(x.shape)))
        return x + self.drop(self.wide(self.between(x)))


class GPT(nn.Module):
    """A small language model of characters."""

    def __init__(self, tokens: int, context: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(tokens, width), nn.Parameter(0.02 * torch.randn(context, width))
        self.blocks = nn.Sequential(*[Attention(width, dropout) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, tokens)
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks(self.embed(x) + self.place[: x.shape[1]])))


class Recurrent(nn.Module):
    """A recurrent cell over tokens or numbers; an output after each step."""

    def __init__(self, cell: str, inputs: int, outputs: int, width: int, tokens: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.embed = nn.Embedding(tokens, inputs) if tokens else nn.Identity()
        self.cell = {"gru": nn.GRU, "rnn": nn.RNN}[cell](inputs, width, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(self.embed(x))[0])


class Autoencoder(nn.Module):
    """Variational where `kl` is not zero; `divergence` is that of the last batch (arXiv:1312.6114)."""

    def __init__(self, size: int, width: int, depth: int, bend: str, dropout: float, code: int = 8) -> None:
        super().__init__()
        self.enter = plain(size, 2 * code, width, depth, bend, dropout)
        self.leave = plain(code, size, width, depth, bend, dropout)
        self.sample, self.divergence = False, torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        mean, log = self.enter(x).chunk(2, -1)
        self.divergence = -0.5 * (1 + log - mean.square() - log.exp()).sum(-1).mean()
        noise = torch.randn_like(mean) * (log / 2).exp() if self.sample and self.training else 0.0
        return self.leave(mean + noise)


class Flow(nn.Module):
    """Affine couplings; gives the log-density of points (N, 2) (Dinh et al. 2017, arXiv:1605.08803)."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(plain(1, 2, width, 1, "tanh") for _ in range(2 * depth))

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(len(x))
        for number, layer in enumerate(self.layers):
            kept, moved = x[:, number % 2], x[:, 1 - number % 2]
            log, shift = layer(kept[:, None]).unbind(1)
            log = 3 * torch.tanh(log / 3)
            moved, total = moved * log.exp() + shift, total + log
            x = torch.stack((kept, moved) if number % 2 == 0 else (moved, kept), 1)
        return total - 0.5 * x.square().sum(1) - math.log(2 * math.pi)


class Pairs(nn.Module):
    """Two noisy views of each picture as unit vectors; gives their similarities (N, N) (InfoNCE, arXiv:1807.03748)."""

    def __init__(self, size: int, width: int, depth: int, bend: str, dropout: float) -> None:
        super().__init__()
        self.encode = plain(size, 16, width, depth, bend, dropout)

    def forward(self, x: Tensor) -> Tensor:
        one, two = (functional.normalize(self.encode(x + 0.7 * torch.randn_like(x)), dim=-1) for _ in range(2))
        return one @ two.T / 0.2
