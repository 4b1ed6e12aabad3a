"""A small vision transformer: the image in patches, each a token that attends to all others.

Pre-norm blocks of attention and a GELU layer, learned positions, the mean of all tokens into the head. Wants more data
or stronger regularization (`mixup`, `cutmix`, `drop_path`) than a convolutional net. Dropout, if a recipe has it, goes
on the embeddings, the attention and both branches of each block.

Source: Dosovitskiy et al. 2020, arXiv 2010.11929; mean instead of a class token: Beyer et al. 2022, arXiv 2205.01580.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count, Positive

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"image"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    patch: Count = 4
    """Side of a patch in pixels; what is left over at the right and lower border is padded with zeros."""
    layers: Count = 4
    """Blocks."""
    heads: Count = 4
    """Attention heads of a block; divides `width`."""
    width: Count = 128
    """Size of a token's vector."""
    activation: Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"] = "gelu"
    """Non-linearity of the feed-forward layers."""
    norm: Literal["layer", "rms"] = "layer"
    """Normalization before each branch and before the head; `rms` doesn't centre (arXiv 1910.07467)."""
    init_std: Positive = 0.02
    """Standard deviation of the initial weights; those that end a branch have less, by 1 / sqrt(2 * layers)."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.width % options.heads:
        told = f"a width of {options.width} can't be shared among {options.heads} heads"
        return [("width", told, f"take a multiple of {options.heads}")]
    return []


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, channels, height, width) to (N, outputs)."""
    from optcli.parts.models.vit.net import Vit

    return Vit(facts.shape, facts.outputs, options)
