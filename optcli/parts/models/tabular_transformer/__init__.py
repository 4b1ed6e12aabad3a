"""A transformer for tables: each column is a token, and the columns attend to one another.

A number is a learned vector times its value plus another one; a column of words, one-hot among the features, gets a
vector of its own for each word. One more token, of no column, collects what the head needs. Slower than `mlp` and
often more accurate where columns interact; wants a low rate (1e-4 to 1e-3). Dropout, if a recipe has it, goes on
attention and feed-forward layers.

Source: Gorishniy et al. 2021 (FT-Transformer), arXiv 2106.11959, with its ReGLU layers of 4/3 the width and without
the first norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"vector"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    layers: Count = 3
    """Blocks."""
    heads: Count = 4
    """Attention heads of a block; divides `width`."""
    width: Count = 64
    """Size of a token's vector."""
    activation: Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"] = "relu"
    """Non-linearity of the feed-forward layers' gates: ReGLU, GEGLU ... (arXiv 2002.05202)."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.width % options.heads:
        told = f"a width of {options.width} can't be shared among {options.heads} heads"
        return [("width", told, f"take a multiple of {options.heads}")]
    return []


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, *shape) to (N, outputs); `facts.columns` says which features are one column, else each is."""
    from optcli.parts.models.tabular_transformer.net import TabularTransformer

    return TabularTransformer(facts.shape, facts.columns, facts.outputs, options)
