"""The recurrent net."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Recurrent(nn.Module):
    """Token embedding, recurrent layers that start from a zero state, head."""

    def __init__(self, tokens: int, cell: str, layers: int, width: int) -> None:
        super().__init__()
        kinds: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "plain": nn.RNN}
        self.rate = 0.0
        self.token = nn.Embedding(tokens, width)
        self.cell = kinds[cell](width, width, layers, batch_first=True)
        self.head = nn.Linear(width, tokens)

    def forward(self, tokens: Tensor) -> Tensor:
        states: Tensor = self.cell(self.token(tokens))[0]
        if self.rate and self.training:
            states = torch.dropout(states, self.rate, True)
        logits: Tensor = self.head(states)
        return logits

    def set_dropout(self, rate: float) -> None:
        """Dropout between layers and before the head."""
        self.rate = self.cell.dropout = rate
