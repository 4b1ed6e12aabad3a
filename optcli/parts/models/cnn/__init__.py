"""A plain convolutional net for small images: blocks of 3x3 convolution, norm, non-linearity and pooling.

Each block halves the image as long as it is at least 4 pixels on its shorter side, so 8x8 and 28x28 images both work.
Dropout, if a recipe has it, goes after each block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import MinLen

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"image"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    channels: Annotated[tuple[Count, ...], MinLen(1)] = (32, 64)
    """Channels of each block."""
    activation: Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"] = "relu"
    """Non-linearity of each block."""
    norm: Literal["none", "batch", "group"] = "batch"
    """Normalization after each convolution; `group` doesn't mix samples."""
    pool: Literal["flatten", "mean"] = "flatten"
    """What the head sees: every remaining pixel, or each channel's mean."""
    init: Literal["torch", "kaiming", "xavier", "orthogonal"] = "torch"
    """Initial weights: torch's own (uniform, by 1 / sqrt(inputs)), those for ReLU or for tanh, or orthogonal ones."""


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, channels, height, width) to (N, outputs)."""
    from optcli.parts.models._stack.net import start
    from optcli.parts.models.cnn.net import cnn

    net = cnn(facts.shape, facts.outputs, options.channels, options.activation, options.norm, options.pool)
    return start(net, options.init)
