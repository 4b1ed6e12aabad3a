"""The recurrent net."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from optcli.parts.models._stack.net import pooled

if TYPE_CHECKING:
    from optcli.parts.facts import Facts
    from optcli.parts.models.rnn import Options


class Recurrent(nn.Module):
    """Token embedding, recurrent layers that start from a zero state, the mean over the sample if need be, head."""

    def __init__(self, facts: Facts, options: Options) -> None:
        super().__init__()
        kinds: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "plain": nn.RNN}
        self.rate, width = 0.0, options.width
        self.whole, self.pad = facts.task != "language" and not facts.dense, facts.pad
        self.token = nn.Embedding(facts.tokens or facts.outputs, width)
        layers = range(options.layers)  # apart: what cuDNN draws between its own layers no checkpoint can hold
        self.cells = nn.ModuleList(kinds[options.cell](width, width, batch_first=True) for _ in layers)
        self.norm = nn.LayerNorm(width) if options.norm == "layer" else None
        self.head = nn.Linear(width, facts.outputs)
        if options.init == "orthogonal":
            for gate in (
                g for name, p in self.cells.named_parameters() if "weight_hh" in name for g in torch.split(p, width)
            ):
                nn.init.orthogonal_(gate)

    def forward(self, tokens: Tensor) -> Tensor:
        states: Tensor = self.token(tokens)
        for number, cell in enumerate(self.cells):
            states = cell(self._thinned(states) if number else states)[0]
        if self.norm is not None:
            states = self.norm(states)
        if self.whole:
            states = pooled(states, tokens, self.pad)
        logits: Tensor = self.head(self._thinned(states))
        return logits

    def _thinned(self, states: Tensor) -> Tensor:
        return torch.dropout(states, self.rate, True) if self.rate and self.training else states

    def set_dropout(self, rate: float) -> None:
        """Dropout between layers and before the head."""
        self.rate = rate
