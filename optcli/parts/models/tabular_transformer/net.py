"""The transformer for tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from optcli.parts.models._stack.net import activation, dropped, set_paths, skipped

if TYPE_CHECKING:
    from optcli.parts.models.tabular_transformer import Options


class Tokens(nn.Module):
    """(N, features) to (N, 1 + columns, width): first the token of no column, then each column's.

    A column's token is its bias and the sum of its features times their vectors: for a number, value times vector; for
    one-hot words, the vector of the word.
    """

    def __init__(self, columns: tuple[int, ...], width: int) -> None:
        super().__init__()
        # As embeddings: neither is decayed.
        self.vectors, self.biases = nn.Embedding(sum(columns), width), nn.Embedding(1 + len(columns), width)
        for table in (self.vectors, self.biases):
            nn.init.uniform_(table.weight, -1 / math.sqrt(width), 1 / math.sqrt(width))
        home = torch.repeat_interleave(torch.arange(1, 1 + len(columns)), torch.tensor(columns))
        self.register_buffer("home", home, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        biases = self.biases.weight.expand(len(x), -1, -1)
        parts = x.unsqueeze(-1) * self.vectors.weight
        if len(self.vectors.weight) + 1 == biases.shape[1]:  # each feature is a column
            return biases + F.pad(parts, (0, 0, 1, 0))
        return biases.index_add(1, self.home, parts.to(biases.dtype))  # type: ignore[arg-type]


class Block(nn.Module):
    """x + attention(norm(x)), then x + down(gated(norm(x))); (N, tokens, width). The first block has no first norm."""

    def __init__(self, heads: int, width: int, kind: str, first: bool) -> None:
        super().__init__()
        inner = max(1, width * 4 // 3)
        self.heads, self.rate, self.path = heads, 0.0, 0.0
        self.norm1: nn.Module = nn.Identity() if first else nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.act, self.down = nn.Linear(width, 2 * inner), activation(kind), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        rate, path = (self.rate, self.path) if self.training else (0.0, 0.0)
        n, t, width = x.shape
        query, key, value = (
            self.qkv(self.norm1(x)).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        seen = F.scaled_dot_product_attention(query, key, value, dropout_p=rate)
        x = x + skipped(self.out(seen.transpose(1, 2).reshape(n, t, width)), path)
        value, gate = self.up(self.norm2(x)).chunk(2, -1)
        return x + skipped(self.down(dropped(value * self.act(gate), rate)), path)


class TabularTransformer(nn.Module):
    """Tokens, blocks, then norm, ReLU and a linear head on the token of no column."""

    def __init__(self, shape: tuple[int, ...], columns: tuple[int, ...], outputs: int, options: Options) -> None:
        super().__init__()
        features, width = math.prod(shape), options.width
        self.tokens = Tokens(columns if sum(columns) == features else (1,) * features, width)
        self.blocks = nn.Sequential(
            *(Block(options.heads, width, options.activation, first=not i) for i in range(options.layers))
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.blocks(self.tokens(x.flatten(1)))
        logits: Tensor = self.head(torch.relu(self.norm(tokens[:, 0])))
        return logits

    def set_dropout(self, rate: float) -> None:
        """Dropout on attention and feed-forward layers."""
        for block in self.blocks:
            block.rate = rate  # type: ignore[assignment]

    def set_drop_path(self, rate: float) -> None:
        """Leave out branches: the first block's never, the last one's at `rate`."""
        set_paths(self.blocks, rate)
