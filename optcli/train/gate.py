"""The gate: a step whose loss or gradients are not finite changes nothing, and the host needn't be asked.

A flag on the device says whether this step is bad. Optimizers read it there (`found_inf`); what doesn't read it is put
back by `Keeper`. The flag stays up after the first bad step (unless bad steps are to be skipped), so the weights that
the host finds at the window's end are the last good ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from optcli.exits import Exit, Failure
from optcli.train.probes import Row
from optcli.train.world import World

_GROWTH, _BACKOFF, _PATIENCE = 2.0, 0.5, 2000
"""The loss scale doubles after so many good steps and halves after a bad one (torch.amp.GradScaler's values)."""


class Gate:
    """The flag for fp32, tf32 and bf16: up if the loss or the norm of any gradient is NaN or infinite.

    Args:
        latched: once up, it stays up until `lower`; otherwise each step stands for itself.
    """

    scale: Tensor | None = None
    """Multiplies the loss before the backward pass."""

    def __init__(self, world: World, latched: bool) -> None:
        self._latched = latched
        self.up = torch.zeros((), device=world.device)
        self._one = torch.ones((), device=world.device)

    def lower(self) -> None:
        """Let steps through again."""
        self.up.zero_()

    def unscale(self, grads: Sequence[Tensor]) -> None:
        """Bring gradients of the scaled loss to their size, in place."""

    def check(self, head: Tensor) -> None:
        """Judge the step by its loss and gradient norms, shape (1 + parameters,)."""
        if not self._latched:
            self.up.zero_()
        # One kernel that raises the flag and multiplies by 1: the cheapest test for NaN and infinity there is.
        torch._amp_foreach_non_finite_check_and_unscale_([head], self.up, self._one)

    def after(self) -> None:
        """The step has been taken."""

    def bad(self, row: Row) -> bool:
        """The host's view of `check`."""
        return not row.finite


class ScalingGate(Gate):
    """The flag for fp16: gradients of a scaled loss may overflow; such a step is left out and the scale lowered.

    Only a non-finite loss is a fault here. Works as torch.amp.GradScaler does, but never asks the device.
    """

    def __init__(self, world: World, latched: bool) -> None:
        super().__init__(world, latched)
        self.scale: Tensor = torch.full((), 65536.0, device=world.device)
        self._tracker = torch.zeros((), dtype=torch.int32, device=world.device)
        self._overflow, self._fault = torch.zeros_like(self.up), torch.zeros_like(self.up)

    def lower(self) -> None:
        self._fault.zero_()

    def unscale(self, grads: Sequence[Tensor]) -> None:
        self._overflow.zero_()
        inverse = self.scale.double().reciprocal().float()
        torch._amp_foreach_non_finite_check_and_unscale_(list(grads), self._overflow, inverse)

    def check(self, head: Tensor) -> None:
        if not self._latched:
            self._fault.zero_()
        torch._amp_foreach_non_finite_check_and_unscale_([head[:1]], self._fault, self._one)
        torch.maximum(self._overflow, self._fault, out=self.up)

    def after(self) -> None:
        torch._amp_update_scale_(self.scale, self._tracker, self._overflow, _GROWTH, _BACKOFF, _PATIENCE)

    def bad(self, row: Row) -> bool:
        return not math.isfinite(row.loss)

    def state_dict(self) -> dict[str, Any]:
        """Scale and the number of good steps since it changed."""
        return {"scale": self.scale.clone(), "tracker": self._tracker.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.scale.copy_(state["scale"])
        self._tracker.copy_(state["tracker"])


class Keeper:
    """Puts tensors back that a bad step has changed: running statistics, and what an ungated optimizer touches."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._kept: list[tuple[Tensor, Tensor]] = []

    def keep(self, tensors: Iterable[Tensor]) -> None:
        """Remember the tensors as they are.

        An optimizer's step count in the host's memory is left out where the flag is on a device: the host would have to
        wait to know whether to take it back.
        """
        self._kept = [(t, t.detach().clone()) for t in tensors if self._here(t)]

    @torch.no_grad()
    def settle(self, born: Iterable[Tensor] = ()) -> None:
        """If the flag is up, everything is as it was kept, and those of `born` that were not there yet are zero."""
        up, known = self._gate.up > 0, {id(tensor) for tensor, _ in self._kept}
        for tensor, old in self._kept:
            tensor.copy_(torch.where(up, old, tensor))
        for tensor in born:
            if id(tensor) not in known and self._here(tensor):
                tensor.copy_(torch.where(up, torch.zeros_like(tensor), tensor))

    def _here(self, tensor: Tensor) -> bool:
        return tensor.device == self._gate.up.device


def check_finite(model: nn.Module, name: str) -> None:
    """Weights must be numbers before the first step.

    Raises:
        Failure: some are NaN or infinite; names the parameter.
    """
    for path, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            message = f"model {name}: `{path}` is not finite before the first step"
            raise Failure(Exit.USAGE, message, "look at how the model initializes it")


def changing_buffers(model: nn.Module) -> list[Tensor]:
    """Buffers that a forward pass in training mode updates, as norm layers do; masks and tables are left out."""
    return [b for module in model.modules() if _counts(module) for b in module.buffers(recurse=False)]


def _counts(module: nn.Module) -> bool:
    own = type(module).__module__.partition(".")[0] != "torch"
    return own or getattr(module, "track_running_stats", False)
