"""A recurrent net that reads tokens one by one: LSTM, GRU or plain.

Predicts the next token of a text; or what each token is, where each has a label; or, from the mean of its states, what
a whole sample is. Its state has a fixed size.
Slower to train than `gpt` on a GPU, and often as good on short contexts. Clip the gradient (`clip_norm`). Dropout, if a
recipe has it, goes between layers and before the head.

Source: Hochreiter & Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735; GRU: Cho et al. 2014, arXiv
1406.1078.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optcli.parts.facts import Facts
from optcli.units import STRICT, Count

if TYPE_CHECKING:
    from torch import nn

TAKES = frozenset({"tokens"})


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    cell: Literal["lstm", "gru", "plain"] = "lstm"
    """Kind of recurrence."""
    layers: Count = 1
    """Recurrent layers on top of each other."""
    width: Count = 128
    """Size of the state and of the token embedding."""
    norm: Literal["none", "layer"] = "none"
    """Normalization of the states before the head."""
    init: Literal["torch", "orthogonal"] = "torch"
    """Initial weights from state to state: torch's own (uniform, by 1 / sqrt(width)), or orthogonal matrices, which
    keep a gradient's length over many tokens (arXiv 1312.6120)."""


def build(options: Options, facts: Facts) -> nn.Module:
    """(N, positions) token numbers to (N, positions, tokens) logits; (N, outputs) if the task isn't language."""
    from optcli.parts.models.rnn.net import Recurrent

    return Recurrent(facts, options)
