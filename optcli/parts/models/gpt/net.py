"""The decoder-only transformer."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from optcli.parts.models._stack.net import dropped, set_paths, skipped


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)); shapes (N, T, width)."""

    def __init__(self, heads: int, width: int, causal: bool = True) -> None:
        super().__init__()
        self.causal = causal
        self.heads, self.rate, self.path = heads, 0.0, 0.0
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        rate, path = (self.rate, self.path) if self.training else (0.0, 0.0)
        n, t, width = x.shape
        query, key, value = (
            self.qkv(self.norm1(x)).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        seen = F.scaled_dot_product_attention(query, key, value, dropout_p=rate, is_causal=self.causal)
        x = x + skipped(dropped(self.out(seen.transpose(1, 2).reshape(n, t, width)), rate), path)
        return x + skipped(dropped(self.down(F.gelu(self.up(self.norm2(x)))), rate), path)


class Gpt(nn.Module):
    """Token and position embedding, blocks, norm, head."""

    def __init__(self, tokens: int, context: int, layers: int, heads: int, width: int, tied: bool) -> None:
        super().__init__()
        self.rate = 0.0
        self.token, self.position = nn.Embedding(tokens, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(heads, width) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, tokens, bias=False)
        self.apply(initialize)
        for block in self.blocks:
            for name in ("out", "down"):
                # 2 * layers branches add up: each gets its share of the variance.
                nn.init.normal_(getattr(block, name).weight, std=0.02 / math.sqrt(2 * layers))
        if tied:
            self.head.weight = self.token.weight

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        x = self.blocks(dropped(x, self.rate if self.training else 0.0))
        logits: Tensor = self.head(self.norm(x))
        return logits

    def set_dropout(self, rate: float) -> None:
        """Dropout on embeddings, attention and both branches of each block."""
        for module in self.modules():
            if isinstance(module, (Gpt, Block)):
                module.rate = rate

    def set_drop_path(self, rate: float) -> None:
        """Leave out branches: the first block's never, the last one's at `rate`."""
        set_paths(self.blocks, rate)


def initialize(module: nn.Module) -> None:
    """Normal weights of standard deviation 0.02, biases at zero."""
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
