"""A fully connected net: linear layers with a non-linearity between them.

For tables and small images (which it flattens). Two hidden layers of 128 to 512 do for most; norm layers help from
about five layers on. Dropout, if a recipe has it, goes after each non-linearity.

With `mup_base_width`, a rate that was tuned at that width holds at every width: Yang et al. 2022 (muP), arXiv
2203.03466, table 3, for Adam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"vector", "image"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    hidden: tuple[Count, ...] = (128, 128)
    """Widths of the hidden layers."""
    activation: Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"] = "relu"
    """Non-linearity after each hidden layer."""
    norm: Literal["none", "batch", "layer"] = "none"
    """Normalization between a hidden layer and its non-linearity."""
    init: Literal["torch", "kaiming", "xavier", "orthogonal"] = "torch"
    """Initial weights: torch's own (uniform, by 1 / sqrt(inputs)), those for ReLU or for tanh, or orthogonal ones."""
    mup_base_width: Count | None = None
    """Width for which the rate was tuned: initial weights and rates of wider layers are scaled from there."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.mup_base_width and not options.hidden:
        return [("mup_base_width", "`mup_base_width` has no effect without hidden layers", "remove it")]
    return []


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, *shape) to (N, outputs)."""
    from optcli.parts.models._stack.net import start
    from optcli.parts.models.mlp.net import mlp, transfer

    net = start(mlp(facts.shape, facts.outputs, options.hidden, options.activation, options.norm), options.init)
    if options.mup_base_width:
        transfer(net, options.hidden, options.mup_base_width)
    return net
