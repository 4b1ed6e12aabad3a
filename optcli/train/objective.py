"""What training minimizes: the loss of the model's output, with the regularizers folded in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from optcli.parts._several import parts_of
from optcli.parts.origin import Misuse
from optcli.train.averages import Averages
from optcli.train.backtrace import run
from optcli.train.traceless import kept, plain

Loss = Callable[[Any, Tensor], Tensor]
WIDE = (torch.float32, torch.float64)


class ModelFailed(Exception):
    """The recipe's model or loss raised an error on a batch; `__cause__` is that error."""

    step = 0
    """The optimizer step in which it did, from 1; 0 before training began."""
    place = ""
    """`file:line`, where the error doesn't lead there."""
    backward = False
    """Whether it was in the backward pass."""

    def __init__(self, part: str, x: Tensor, y: Tensor, output: Any = None, model: nn.Module | None = None) -> None:
        super().__init__(part)
        self.model = model
        gave = f"output {shape(output)}, " if part == "loss" else ""
        parts = parts_of(model, x)
        given = ", ".join(f"{name} {shape(one)}" for name, one in parts.items()) or shape(x)
        self.part, self.shapes = part, f"input{'s' if parts else ''} {given}, {gave}target {shape(y)}"


class Objective:
    """`objective(x, y)`: the mean training loss of a batch, penalties included, as a float32 or float64 scalar.

    `evaluate` gives output and loss as validation wants them: no penalty, no label smoothing. Penalties are computed
    outside autocast, in the weights' own precision.

    Args:
        model: what is called; may be wrapped for several processes.
        bare: the model itself.
        weights: the parameters that penalties and proximal steps act on.
        cast: of inputs and targets, where float32 isn't wide enough.
    """

    def __init__(
        self,
        model: nn.Module,
        bare: nn.Module,
        loss: Loss,
        regularizers: Sequence[Any],
        weights: list[Tensor],
        autocast: AbstractContextManager[Any],
        cast: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._cast = cast
        self.model, self.bare, self.loss, self.weights = model, bare, loss, weights
        self.nothing: AbstractContextManager[Any] = nullcontext()
        self.averages: Averages | None = None
        self._batch = [r.on_batch for r in regularizers if hasattr(r, "on_batch")]
        self._penalties = [r.penalty for r in regularizers if hasattr(r, "penalty")]
        self._train_loss = loss
        for regularizer in regularizers:
            if hasattr(regularizer, "on_loss"):
                self._train_loss = regularizer.on_loss(self._train_loss)
        self._autocast = None if isinstance(autocast, nullcontext) else autocast
        self.output: Callable[[Tensor], Any] = partial(_output, bare, autocast, cast)
        """What the model gives for inputs, in the run's precision."""

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        for change in self._batch:
            x, y = change(x, y)
        if self._autocast is None:
            loss = self._apply(self._train_loss, x, y)[1]
        else:
            with self._autocast:
                loss = self._apply(self._train_loss, x, y)[1]
        for penalty in self._penalties:
            loss = loss + penalty(self.weights)
        return loss if loss.dtype in WIDE else loss.float()

    def shown(self) -> AbstractContextManager[Any]:
        """The context in which the model has the weights that evaluations want."""
        return self.averages.shown() if self.averages else self.nothing

    @property
    def autocast(self) -> AbstractContextManager[Any]:
        """The context for forward passes."""
        return self._autocast or self.nothing

    def evaluate(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Output and plain loss of a batch; the model should be in evaluation mode."""
        with self.autocast:
            return self._apply(self.loss, x, y, self.bare)

    def probe(self, x: Tensor, y: Tensor, backward: bool = True) -> None:
        """Try one batch, so that a model that doesn't fit the data says so before anything is written.

        Args:
            backward: try the backward pass, too; it takes the memory of all gradients at once.

        Raises:
            ModelFailed: model or loss raised, forward or backward.
        """
        trained = [p for p in self.bare.parameters() if p.requires_grad]
        with plain(self.bare), kept(self.bare.buffers()), torch.set_grad_enabled(backward):
            loss = self.here(x, y)
            if backward:
                run(self, x, y, torch.autograd.grad, loss, trained, allow_unused=True)

    def here(self, x: Tensor, y: Tensor) -> Tensor:
        """The training loss of a batch without penalties, of this process alone."""
        for change in self._batch:
            x, y = change(x, y)
        with self.autocast:
            return self._apply(self._train_loss, x, y, self.bare)[1]

    def _apply(self, loss: Loss, x: Tensor, y: Tensor, model: nn.Module | None = None) -> tuple[Any, Tensor]:
        part, output = "model", None
        if self._cast is not None:
            x, y = self._cast(x), self._cast(y)
        try:
            output = (model or self.model)(x)
            if output is None:
                raise Misuse("it gave nothing: is `return` missing at the end of `forward`?")
            if y.ndim == 2 and y.shape[1] == 1 and isinstance(output, Tensor) and output.shape == y.shape[:1]:
                output = output[:, None]  # one number a sample: a loss would compare each with all targets
            part = "loss"
            value = loss(output, y)
        except torch.OutOfMemoryError:
            raise
        except (Exception, SystemExit) as error:
            raise ModelFailed(part, x, y, output, self.bare) from error
        if value.ndim:
            wrong = Misuse(f"the loss must be a scalar, the mean over the batch, not of shape {shape(value)}")
            raise ModelFailed("loss", x, y, output, self.bare) from wrong
        return output, value


def _output(
    model: nn.Module, autocast: AbstractContextManager[Any], cast: Callable[[Tensor], Tensor] | None, x: Tensor
) -> Any:
    with autocast:
        return model(x if cast is None else cast(x))


def shape(given: Any) -> str:
    """A tensor's shape, or what it is instead of a tensor."""
    if not isinstance(given, Tensor):
        return f"a {type(given).__name__} and no tensor"
    return f"({', '.join(map(str, given.shape))})"
