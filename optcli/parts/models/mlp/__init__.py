"""A fully connected net: linear layers with a non-linearity between them.

For tables and small images (which it flattens). Two hidden layers of 128 to 512 do for most; norm layers help from
about five layers on. Dropout, if a recipe has it, goes after each non-linearity.
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


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, *shape) to (N, outputs)."""
    from optcli.parts.models.mlp.net import mlp

    return mlp(facts.shape, facts.outputs, options.hidden, options.activation, options.norm)
