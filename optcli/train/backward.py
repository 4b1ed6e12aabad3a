"""Optimizer in the backward pass: each parameter is stepped as soon as its gradient is there, which is then freed.

Gradients of a whole model are never in memory together. What this does to the gate: a loss that isn't finite is seen
before the first parameter moves, as ever. A gradient that isn't finite reaches no weight either, but parameters whose
gradients came before it, those nearer the output, have moved by then. The run ends or goes back to a checkpoint in
either case, and such weights are never saved. The update ratio leaves out what regularizers do to the weights after the
step. Source: Lv et al. 2023, arXiv 2306.09782.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakMethod

import torch
from torch import Tensor

from optcli.parts.optimizers._direct import Call, after_loading, alone
from optcli.train.backtrace import run
from optcli.train.batches import Batch
from optcli.train.probes import RATIO_EVERY
from optcli.train.update import Update


class Together(Exception):
    """The optimizer looks at all parameters at once, so none can be stepped by itself."""


class UpdateInBackward(Update):
    """`Update` for one batch a step, without anything that needs all gradients at once.

    Raises:
        Together: the optimizer can't do it.
    """

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        device = self._gate.up.device
        self._moved, self._sizes = (torch.zeros(len(self._params), device=device) for _ in range(2))
        self._head, self._measures = self._window.heads[0], False
        after_loading(self._step.optimizer, self._bind)
        self._bind(self._step.optimizer)
        self._waiting: set[int] = set()
        take = WeakMethod(self._take)  # a parameter that held its update would never be freed
        for number, parameter in enumerate(self._params):
            parameter.register_post_accumulate_grad_hook(lambda p, n=number: take()(n, p))  # type: ignore[no-untyped-call, misc]

    def _bind(self, optimizer: torch.optim.Optimizer) -> None:
        self._groups = [(g, p) for g in optimizer.param_groups for p in g["params"]]  # loading makes new groups
        calls = [alone(optimizer, group, p, optimizer.state[p]) for group, p in self._groups]
        self._calls: list[Call] = [call for call in calls if call is not None]
        if len(self._calls) < len(calls):
            raise Together

    def __call__(self, step: int, batches: Sequence[Batch], factor: float) -> None:
        window, gate = self._window, self._gate
        if self._buffers:
            self._keep()
        self._head, self._measures = window.heads[window.count].zero_(), step % RATIO_EVERY == 0
        for group in self._step.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        loss = self._objective(*batches[0])
        self._head[0].copy_(loss.detach())
        gate.check(self._head[:1])
        self._waiting = set(range(len(self._params)))
        run(self._objective, *batches[0], torch.autograd.backward, loss)
        for number in sorted(self._waiting):  # what took no part in this loss
            self._take(number, self._params[number])
        if self._measures:
            norms = [torch.linalg.vector_norm(lengths) for lengths in (self._moved, self._sizes)]
            torch.div(*norms, out=window.ratios[window.count])
        if self._shrink:
            self._proximal()
        if self._buffers:
            self._keeper.settle()
        for follow in self._follow:
            follow(gate.up)

    @torch.no_grad()
    def _take(self, number: int, parameter: Tensor) -> None:
        """Judge the parameter's gradient, step it, and let the gradient go."""
        self._waiting.discard(number)
        grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        parameter.grad = None
        cell = self._head[number + 1]
        cell.copy_(torch.linalg.vector_norm(grad))
        self._gate.check(cell)
        before = parameter.clone() if self._measures else None
        if before is not None:
            self._sizes[number].copy_(torch.linalg.vector_norm(before))
        self._calls[number]([grad], self._groups[number][0]["lr"], self._gate.up)
        if before is not None:
            self._moved[number].copy_(torch.linalg.vector_norm(before.sub_(parameter)))
