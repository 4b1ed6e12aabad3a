"""A small decoder-only transformer: predicts the next token of a text from those before it, or what a whole text is.

Pre-norm blocks of causal attention and a GELU layer, learned positions, head tied to the token embedding; where the
task isn't language, a head of its own on the mean of all positions, or on each of them where each has a label. For
character-level text two to six layers of width 64 to 384 do. Dropout, if a recipe has it, goes on the embeddings, the
attention and both branches of each block.

With `mup_base_width`, a rate that was tuned at that width holds at every width, as long as `heads` stays the same.

Source: Radford et al. 2019 (GPT-2), for the form and the initialization; Yang et al. 2022 (muP), arXiv 2203.03466,
table 8 and section 4, for Adam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count, Positive

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
    """Use the token embedding as the head's weights; without effect where the task isn't language."""
    activation: Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"] = "gelu"
    """Non-linearity of the feed-forward layers."""
    norm: Literal["layer", "rms"] = "layer"
    """Normalization before each branch and before the head; `rms` doesn't centre (arXiv 1910.07467)."""
    init_std: Positive = 0.02
    """Standard deviation of the initial weights; those that end a branch have less, by 1 / sqrt(2 * layers)."""
    mup_base_width: Count | None = None
    """Width for which the rate was tuned: initial weights, rates, attention and logits are scaled from there."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.width % options.heads:
        told = f"a width of {options.width} can't be shared among {options.heads} heads"
        return [("width", told, f"take a multiple of {options.heads}")]
    return []


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, positions) token numbers, for up to `facts.shape[0]` positions, to (N, positions, tokens) logits; to
    (N, outputs) if the task isn't language."""
    from optcli.parts.models.gpt.net import Gpt

    return Gpt(facts, options)
