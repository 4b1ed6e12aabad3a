"""Weights for evaluation that are not the weights in training: averages, of a regularizer or of the optimizer.

Whatever keeps them has `eval_mode()`, which puts them into the model, and `train_mode()`, which puts the others back
bit for bit. Evaluations, and the file `model.safetensors` of each checkpoint, have the averages; the weights in
training are stored beside them, so that a run goes on exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn

from optcli.train.batches import Batches
from optcli.train.traceless import kept, momentum, running

FRESH: Final = 2048
"""Training samples by which the statistics of batch norms are taken anew for averaged weights."""


class Averages:
    """The swap of a model's weights; without `keepers` there is nothing to do.

    Args:
        keepers: what has `eval_mode` and `train_mode`; one with `active` False has no averages yet.
        output: of the model for inputs, in the run's precision.
    """

    def __init__(
        self, model: nn.Module, keepers: Sequence[Any], batches: Batches, output: Callable[[Tensor], Any]
    ) -> None:
        self._model, self._keepers, self._batches, self._output = model, keepers, batches, output
        self._norms = running(model)

    def __bool__(self) -> bool:
        return bool(self._keepers)

    @contextmanager
    @torch.no_grad()
    def shown(self) -> Iterator[None]:
        """Inside, the model has the averages, and statistics of batch norms that fit them."""
        active = [keeper for keeper in self._keepers if getattr(keeper, "active", True)]
        norms = self._norms if active else []
        with kept(b for norm in norms for b in norm.buffers()):
            try:
                for keeper in active:
                    keeper.eval_mode()
                if norms:
                    self._refresh()
                yield
            finally:
                for keeper in reversed(active):
                    keeper.train_mode()

    def _refresh(self) -> None:
        """Take the statistics of batch norms over the first training samples, without dropout; draws no numbers."""
        modes = [(m, m.training) for m in self._model.modules()]
        self._model.eval()
        for norm in self._norms:
            norm.reset_running_stats()  # type: ignore[operator]
            norm.training = True
        try:
            with momentum(self._norms, None):
                for x in self._batches.first(FRESH):
                    self._output(x)
        finally:
            for module, mode in modes:
                module.training = mode


class Shown:
    """The model as a checkpoint's `model.safetensors` has it: with the averages."""

    def __init__(self, model: nn.Module, averages: Averages) -> None:
        self._model, self._averages = model, averages

    def state_dict(self) -> dict[str, Tensor]:
        """Copies of all tensors."""
        with self._averages.shown():
            return {name: tensor.clone() for name, tensor in self._model.state_dict().items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self._model.load_state_dict(state)
