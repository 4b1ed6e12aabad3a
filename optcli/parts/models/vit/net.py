"""The vision transformer."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

from optcli.parts.models._stack.net import dropped, normalization, set_paths
from optcli.parts.models.gpt.net import Block, even_out, initialize

if TYPE_CHECKING:
    from optcli.parts.models.vit import Options


class Vit(nn.Module):
    """Patch and position embedding, blocks, norm, the mean over all tokens, head."""

    def __init__(self, shape: tuple[int, ...], outputs: int, options: Options) -> None:
        super().__init__()
        channels, *sides = shape
        patch, width, kinds = options.patch, options.width, (options.activation, options.norm)
        self.rate, self.patch = 0.0, patch
        self.embed = nn.Conv2d(channels, width, patch, patch)
        tokens = math.prod(-(-side // patch) for side in sides)
        self.position = nn.Embedding(tokens, width)
        self.blocks = nn.Sequential(*(Block(options.heads, width, *kinds, causal=False) for _ in range(options.layers)))
        self.norm, self.head = normalization(options.norm, width), nn.Linear(width, outputs)
        self.apply(partial(initialize, std=options.init_std))
        even_out(self.blocks, options.init_std)

    def forward(self, images: Tensor) -> Tensor:
        below, right = (-images.shape[axis] % self.patch for axis in (2, 3))
        images = F.pad(images, (0, right, 0, below)) if below or right else images
        x = self.embed(images).flatten(2).mT + self.position.weight
        x = self.blocks(dropped(x, self.rate if self.training else 0.0))
        logits: Tensor = self.head(self.norm(x).mean(1))
        return logits

    def set_dropout(self, rate: float) -> None:
        """Dropout on embeddings, attention and both branches of each block."""
        self.rate = rate
        for block in self.blocks:
            block.rate = rate  # type: ignore[assignment]

    def set_drop_path(self, rate: float) -> None:
        """Leave out branches: the first block's never, the last one's at `rate`."""
        set_paths(self.blocks, rate)
