"""A residual convolutional net for small images: three stages of blocks with shortcuts.

Deeper than `cnn` and more accurate, at several times the cost. `blocks: 3, width: 16` is the ResNet-20 of the CIFAR-10
experiments. Dropout, if a recipe has it, goes between the two convolutions of a block.

Source: He et al. 2015, arXiv 1512.03385, section 4.2; dropout inside blocks: arXiv 1605.07146.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"image"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    blocks: Count = 2
    """Blocks of a stage, of two convolutions each."""
    width: Count = 16
    """Channels of the first stage; the others have two and four times as many."""
    activation: Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"] = "relu"
    """Non-linearity after each convolution, and after the shortcut."""
    norm: Literal["batch", "group"] = "batch"
    """Normalization after each convolution; `group` doesn't mix samples."""


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, channels, height, width) to (N, outputs)."""
    from optcli.parts.models.resnet.net import ResNet

    return ResNet(facts.shape[0], facts.outputs, options)
