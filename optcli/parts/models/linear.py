"""One linear layer: logistic or linear regression. The baseline that any net has to beat."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"vector", "image"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    bias: bool = True
    """Add a constant to each output."""
    init: Literal["torch", "zero"] = "torch"
    """Initial weights: torch's own (uniform, by 1 / sqrt(inputs)), or none, which any start leads away from."""


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, *shape) to (N, outputs)."""
    from torch import nn

    flatten = [nn.Flatten()] if len(facts.shape) > 1 else []
    layer = nn.Linear(math.prod(facts.shape), facts.outputs, bias=options.bias)
    for parameter in layer.parameters() if options.init == "zero" else ():
        nn.init.zeros_(parameter)
    return nn.Sequential(*flatten, layer)
