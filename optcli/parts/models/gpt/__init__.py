"""A small decoder-only transformer: predicts the next token of a text from those before it.

Pre-norm blocks of causal attention and a GELU layer, learned positions, head tied to the token embedding. For
character-level text two to six layers of width 64 to 384 do. Dropout, if a recipe has it, goes on the embeddings, the
attention and both branches of each block.

Source: Radford et al. 2019 (GPT-2), for the form and the initialization.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"tokens"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    layers: Count = 4
    """Blocks."""
    heads: Count = 4
    """Attention heads of a block; divides `width`."""
    width: Count = 128
    """Size of a position's vector."""
    tied: bool = True
    """Use the token embedding as the head's weights."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.width % options.heads:
        told = f"a width of {options.width} can't be shared among {options.heads} heads"
        return [("width", told, f"take a multiple of {options.heads}")]
    return []


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, positions) token numbers to (N, positions, tokens) logits, for up to `facts.shape[0]` positions."""
    from optcli.parts.models.gpt.net import Gpt

    return Gpt(facts.outputs, facts.shape[0], options.layers, options.heads, options.width, options.tied)
