"""The recurrent net."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from optcli.parts.models.rnn import Options


class Recurrent(nn.Module):
    """Token embedding, recurrent layers that start from a zero state, head."""

    def __init__(self, tokens: int, options: Options) -> None:
        super().__init__()
        kinds: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "plain": nn.RNN}
        self.rate, width = 0.0, options.width
        self.token = nn.Embedding(tokens, width)
        self.cell = kinds[options.cell](width, width, options.layers, batch_first=True)
        self.norm = nn.LayerNorm(width) if options.norm == "layer" else None
        self.head = nn.Linear(width, tokens)
        if options.init == "orthogonal":
            for gate in (
                g for name, p in self.cell.named_parameters() if "weight_hh" in name for g in torch.split(p, width)
            ):
                nn.init.orthogonal_(gate)

    def forward(self, tokens: Tensor) -> Tensor:
        states: Tensor = self.cell(self.token(tokens))[0]
        if self.norm is not None:
            states = self.norm(states)
        if self.rate and self.training:
            states = torch.dropout(states, self.rate, True)
        logits: Tensor = self.head(states)
        return logits

    def set_dropout(self, rate: float) -> None:
        """Dropout between layers and before the head."""
        self.rate = self.cell.dropout = rate
