"""The decoder-only transformer."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from optcli.parts.models._stack.net import activation, dropped, normalization, pooled, set_paths, skipped

if TYPE_CHECKING:
    from optcli.parts.facts import Facts
    from optcli.parts.models.gpt import Options


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)); shapes (N, T, width).

    Args:
        scale: factor of query times key; None is 1 / sqrt(width / heads).
    """

    def __init__(
        self, heads: int, width: int, kind: str, norm: str, causal: bool = True, scale: float | None = None
    ) -> None:
        super().__init__()
        self.causal, self.scale = causal, scale
        self.heads, self.rate, self.path = heads, 0.0, 0.0
        self.norm1, self.norm2 = normalization(norm, width), normalization(norm, width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.act, self.down = nn.Linear(width, 4 * width), activation(kind), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        rate, path = (self.rate, self.path) if self.training else (0.0, 0.0)
        n, t, width = x.shape
        query, key, value = (
            self.qkv(self.norm1(x)).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        seen = F.scaled_dot_product_attention(
            query, key, value, dropout_p=rate, is_causal=self.causal, scale=self.scale
        )
        x = x + skipped(dropped(self.out(seen.transpose(1, 2).reshape(n, t, width)), rate), path)
        return x + skipped(dropped(self.down(self.act(self.up(self.norm2(x)))), rate), path)


class Gpt(nn.Module):
    """Token and position embedding, blocks, norm, the mean over the sample if need be, head."""

    def __init__(self, facts: Facts, options: Options) -> None:
        super().__init__()
        self.whole, self.pad, self.each = facts.task != "language", facts.pad, facts.dense
        width, base = options.width, options.mup_base_width or options.width
        self.rate, self.shrink = 0.0, base / width
        scale = math.sqrt(base / options.heads) / (width / options.heads) if base != width else None
        self.token = nn.Embedding(facts.tokens or facts.outputs, width)
        self.position = nn.Embedding(facts.shape[0], width)
        kinds = (options.activation, options.norm)
        self.blocks = nn.Sequential(*(Block(options.heads, width, *kinds, scale=scale) for _ in range(options.layers)))
        self.norm, self.head = normalization(options.norm, width), nn.Linear(width, facts.outputs, bias=self.whole)
        self.apply(partial(initialize, std=options.init_std))
        even_out(self.blocks, options.init_std)
        self.lr_scales = transfer(self.blocks, self.shrink) if base != width else {}
        if options.tied and not self.whole:
            self.head.weight = self.token.weight

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        x = self.norm(self.blocks(dropped(x, self.rate if self.training else 0.0)))
        if self.whole and not self.each:
            x = pooled(x, tokens, self.pad)
        logits: Tensor = self.head(x if self.shrink == 1 else x * self.shrink)
        return logits

    def set_dropout(self, rate: float) -> None:
        """Dropout on embeddings, attention and both branches of each block."""
        for module in self.modules():
            if isinstance(module, (Gpt, Block)):
                module.rate = rate

    def set_drop_path(self, rate: float) -> None:
        """Leave out branches: the first block's never, the last one's at `rate`."""
        set_paths(self.blocks, rate)


def initialize(module: nn.Module, std: float) -> None:
    """Normal weights of that standard deviation, biases at zero."""
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=std)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


@torch.no_grad()
def transfer(blocks: nn.Sequential, shrink: float) -> dict[str, float]:
    """Shrink the matrices' weights by sqrt(shrink), the base width over the width; their names and rates' factors."""
    matrices = {f"blocks.{name}.weight": m for name, m in blocks.named_modules() if isinstance(m, nn.Linear)}
    for module in matrices.values():
        module.weight *= math.sqrt(shrink)
    return dict.fromkeys(matrices, shrink)


def even_out(blocks: nn.Sequential, std: float) -> None:
    """2 * layers branches add up: the weights that end them get their share of the variance."""
    for block in blocks:
        for name in ("out", "down"):
            nn.init.normal_(getattr(block, name).weight, std=std / math.sqrt(2 * len(blocks)))
