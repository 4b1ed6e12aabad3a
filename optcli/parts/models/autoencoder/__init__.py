"""An autoencoder: squeezes the input through a short code and gives it back.

    data: {name: fashion, reconstruct: true}
    model: {name: autoencoder, code: 16}

Vectors go through linear layers, images through convolutions that halve them, then one more linear layer to the code;
the decoder mirrors that. `model.encoder` alone gives the code. With the regularizer `input_noise` it learns to remove
noise (Vincent et al. 2008, https://doi.org/10.1145/1390156.1390294). Dropout, if a recipe has it, goes after each
hidden layer of the encoder.

Source: Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647; images grow by scaling and convolving, not
by strided deconvolution: Odena et al. 2016, https://doi.org/10.23915/distill.00003.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"vector", "image"})
RECONSTRUCTS = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    code: Count = 16
    """Numbers that the code has."""
    widths: tuple[Count, ...] = (32, 64)
    """Of the encoder's hidden layers: units, or for images channels."""
    activation: Literal["relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"] = "relu"
    """Non-linearity after each hidden layer; code and output have none."""
    norm: Literal["none", "batch"] = "none"
    """Normalization between a hidden layer and its non-linearity."""
    init: Literal["torch", "kaiming", "xavier", "orthogonal"] = "torch"
    """Initial weights: torch's own (uniform, by 1 / sqrt(inputs)), those for ReLU or for tanh, or orthogonal ones."""


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, *shape) to (N, numbers of a sample)."""
    from optcli.parts.models._stack.net import start
    from optcli.parts.models.autoencoder.net import Autoencoder, conv, dense

    make = conv if len(facts.shape) == 3 else dense
    return start(Autoencoder(*make(facts.shape, options)), options.init)
