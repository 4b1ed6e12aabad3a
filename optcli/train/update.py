"""One optimizer step: forward, backward, accumulation, clipping, the gate, the update; nothing is read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from optcli.parts.optimizers._direct import Step
from optcli.train import sparse
from optcli.train.backtrace import run
from optcli.train.batches import Batch
from optcli.train.eighths import cut
from optcli.train.gate import Gate, Keeper, changing_buffers
from optcli.train.graphs import Pass, Recorded
from optcli.train.objective import Objective
from optcli.train.probes import RATIO_EVERY, Window
from optcli.train.randomness import Randomness, rewinder
from optcli.train.traceless import momentum, running
from optcli.train.world import World


class Update:
    """`update(step, batches, factor)` takes the 0-based step `step` with the schedule's `factor`.

    What happened is left in the window's row: loss (mean over all samples of the step, penalties included), each
    parameter's gradient norm before clipping, and every `RATIO_EVERY` steps how far the weights moved.

    Args:
        moving: called with the step ahead of it; sets what a schedule changes besides the rate.
        parts: backward passes of a step at the least; batches are cut for it.
    """

    def __init__(
        self,
        objective: Objective,
        step: Step,
        gate: Gate,
        window: Window,
        world: World,
        regularizers: Sequence[Any] = (),
        *,
        gated: bool = True,
        moving: Callable[[int], None] | None = None,
        parts: int = 1,
    ) -> None:
        self._objective, self._step, self._gate, self._window, self._world = objective, step, gate, window, world
        self._params: list[nn.Parameter] = list(step.params)  # type: ignore[arg-type]
        self._clip = [r.on_grads for r in regularizers if hasattr(r, "on_grads")]
        self._scale = step.optimizer.param_groups[0].get("lr_scale", 1.0)
        self._shrink = [r.after_step for r in regularizers if hasattr(r, "after_step")]
        self._follow = [r.after_update for r in regularizers if hasattr(r, "after_update")]
        self._walks = [r for r in regularizers if hasattr(r, "ascend")]
        self._recorded: Recorded | None = None
        self._least, self._parts = parts, 1
        self._norms = running(objective.bare)
        self._plain = all(p.dtype == torch.float32 for p in self._params)
        self._moving = moving
        self._layout = [p.stride() for p in self._params]
        self._sparse = any(any(group.get("sparse", ())) for group in step.optimizer.param_groups)
        self._searches = hasattr(step.optimizer, "given")
        self._keeper = Keeper(gate)
        self._buffers = changing_buffers(objective.bare)
        self._ungated = not gated
        if gated:  # some of the others refuse it
            step.optimizer.found_inf = gate.up  # type: ignore[attr-defined]

    def __call__(self, step: int, batches: Sequence[Batch], factor: float) -> None:
        window, gate = self._window, self._gate
        at = window.count
        if self._moving is not None:
            self._moving(step)
        if self._buffers or self._ungated:
            self._keep()
        loss, grads = self._uphill(batches) if self._walks else self._here(batches)
        gate.unscale(grads)
        told = [loss, *torch._foreach_norm(sparse.values(grads) if self._sparse else grads)]
        head = window.heads[at]
        torch.stack(told if self._plain else [t.float() for t in told], out=head)
        gate.check(head)
        norms = head[1:]
        for number, clip in enumerate(self._clip):
            if number:  # the one before may have changed them
                norms = torch.stack(torch._foreach_norm(grads)).to(head.dtype)
            clip(self._params, grads, norms, gate.up)
        if self._searches:
            self._step.optimizer.given = loss, partial(self._again, batches)  # type: ignore[attr-defined]
        if step % RATIO_EVERY:
            self._apply(factor, grads)
        else:
            self._measured(factor, grads, window.ratios[at])
        for follow in self._follow:
            follow(gate.up)
        if gate.scale is not None:
            window.scales[at].copy_(gate.scale)
            gate.after()

    @property
    def passes(self) -> int | None:
        """Forward and backward passes that each batch takes; None if they are as many as a search needs."""
        return None if self._searches else 2 if self._walks else 1

    def record(self, randomness: Randomness, accumulate: int, drop: Callable[[str], None]) -> None:
        """Play forward and backward passes back instead of launching them anew (see `graphs`)."""
        if self._walks or self._searches:  # their passes at other weights leave running statistics alone
            drop("train.cuda_graphs: off, passes are taken at other weights as well")
            return
        device, buffers = self._world.device, list(self._objective.bare.buffers())
        self._recorded = Recorded(device, randomness, buffers, accumulate > 1, drop)

    def _uphill(self, batches: Sequence[Batch]) -> tuple[Tensor, list[Tensor]]:
        """The loss here, and the gradients at the point that the regularizers move to (sharpness-aware minimization).

        Both passes draw the same numbers (dropout, noise, blends), else they would be of two losses. Running statistics
        of norm layers are those of the weights here.
        """
        rewind = rewinder(self._world.device)
        loss, grads = self._here(batches)
        for walk in self._walks:
            walk.ascend(self._params, grads)
        rewind()
        try:
            worst, steeper = self._again(batches)
            for walk in self._walks:
                if hasattr(walk, "rose"):
                    walk.rose(worst - loss)
            return loss, steeper
        finally:
            for walk in reversed(self._walks):
                walk.descend(self._params)

    def _again(self, batches: Sequence[Batch]) -> tuple[Tensor, list[Tensor]]:
        """Loss and gradients at other weights; running statistics of norm layers stay."""
        with momentum(self._norms, 0.0), torch.enable_grad():
            return self._here(batches)

    def _here(self, batches: Sequence[Batch]) -> tuple[Tensor, list[Tensor]]:
        """The step's loss and gradients, of all its batches and all processes."""
        if self._world.size > 1:
            return self._shared(batches)
        batches = cut(batches, self._least)
        self._parts = len(batches)
        taken: Pass = self._backward if self._recorded is None else partial(self._recorded, self._backward)
        loss, grads = taken(*batches[0])
        for x, y in batches[1:]:
            more, further = taken(x, y)
            loss += more
            torch._foreach_add_(grads, further)
        return loss, grads

    def _backward(self, x: Tensor, y: Tensor) -> tuple[Tensor, list[Tensor]]:
        loss = self._objective(x, y)
        if self._parts > 1:
            loss = loss / self._parts
        scaled = loss if self._gate.scale is None else loss * self._gate.scale
        differentiate = torch.autograd.grad
        grads = list(run(self._objective, x, y, differentiate, scaled, self._params, allow_unused=True))
        if type(None) in map(type, grads):
            grads = [torch.zeros_like(p) if g is None else g for p, g in zip(self._params, grads, strict=True)]
        if self._sparse:
            grads = [g.coalesce() if g.is_sparse else g for g in grads]
            return loss.detach(), grads
        if [*map(Tensor.stride, grads)] != self._layout:  # fused kernels walk gradient and weight side by side
            grads = [_laid_out(g, p) for p, g in zip(self._params, grads, strict=True)]
        if len({*map(Tensor.data_ptr, grads)}) < len(grads):
            grads = _apart(grads)
        return loss.detach(), grads

    def _shared(self, batches: Sequence[Batch]) -> tuple[Tensor, list[Tensor]]:
        """The same with several processes: DistributedDataParallel averages during the last backward pass."""
        for parameter in self._params:
            parameter.grad = None
        total = torch.zeros((), device=self._world.device)
        for number, (x, y) in enumerate(batches, 1):
            with self._world.alone(self._objective.model) if number < len(batches) else self._objective.nothing:
                loss = self._objective(x, y) / len(batches)
                scaled = loss if self._gate.scale is None else loss * self._gate.scale
                run(self._objective, x, y, torch.autograd.backward, scaled)
            total += loss.detach()
        return self._world.mean_(total), [_grad(p) for p in self._params]

    def _apply(self, factor: float, grads: list[Tensor]) -> None:
        self._step(factor, grads)
        if self._shrink:
            self._proximal()
        if self._buffers or self._ungated:
            self._keeper.settle(self._state())

    @torch.no_grad()
    def _proximal(self) -> None:
        rate = self._step.optimizer.param_groups[0]["lr"] / self._scale * (1 - self._gate.up)
        for shrink in self._shrink:
            shrink(self._objective.weights, rate)

    @torch.no_grad()
    def _measured(self, factor: float, grads: list[Tensor], cell: Tensor) -> None:
        """`_apply`, and into `cell` the length of the update over the length of the weights."""
        before = [p.clone() for p in self._params]
        size = torch.stack(torch._foreach_norm(before))
        self._apply(factor, grads)
        torch._foreach_sub_(before, list[Tensor](self._params))
        moved = torch.stack(torch._foreach_norm(before))
        torch.div(torch.linalg.vector_norm(moved), torch.linalg.vector_norm(size), out=cell)

    def _keep(self) -> None:
        self._keeper.keep([*self._buffers, *(self._params if self._ungated else ()), *self._state()])

    def _state(self) -> list[Tensor]:
        """What an ungated optimizer keeps; it may come into being with its first step."""
        if not self._ungated:
            return []
        states = [one for one in self._step.optimizer.state.values() if isinstance(one, Mapping)]
        return [t for one in states for t in one.values() if isinstance(t, Tensor)]


def _grad(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _apart(grads: list[Tensor]) -> list[Tensor]:
    """Each gradient in memory of its own: of weights that are only added up, autograd gives the same one twice."""
    seen, apart = set[int](), list[Tensor]()
    for grad in grads:
        place = grad.data_ptr()
        apart.append(grad.clone() if place in seen else grad)
        if place:  # it is 0 where there is nothing
            seen.add(place)
    return apart


def _laid_out(grad: Tensor, parameter: nn.Parameter) -> Tensor:
    """The gradient in memory as its parameter is; strides along axes of length 1 don't matter."""
    pairs = zip(parameter.shape, grad.stride(), parameter.stride(), strict=True)
    same = all(size == 1 or one == other for size, one, other in pairs)
    return grad if same else torch.empty_like(parameter).copy_(grad)
