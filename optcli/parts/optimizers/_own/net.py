"""`Own`: an optimizer made of an update function. A part brings the formula; state, gate and speed come from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

import torch
from torch import Tensor

Update = Callable[
    [list[Tensor], list[Tensor], dict[str, list[Tensor]], dict[str, Any], "float | Tensor", "Tensor | None"], None
]
"""`update(params, grads, state, group, lr, found_inf)`: one step of one group, in place.

`params` and `grads` are lists of equal length; `state[slot]` is the list of that slot's tensors; `group` has the
options. It runs without autograd, and may keep scratch tensors of its own in `state` under other names.
"""
Work = tuple[list[Tensor], list[Tensor], dict[str, list[Tensor]], dict[str, Any]]
"""(params, grads, state, group) of one group in one step."""


class Own(torch.optim.Optimizer):
    """An optimizer that takes its steps by `update`, a function of lists of tensors.

    `slots` names the state of a parameter: tensors of its shape and dtype, at zero; the slot `step` is a float32 scalar
    that counts the steps taken and is advanced here, before `update`. A group may have `slots` of its own. All state
    exists from the start. Honours `found_inf` (see the folder's docstring): with `gates_itself` the update does so,
    else it is done here. `gain` is described in `_gain`.

    Args:
        made: slot -> what makes its first value from the parameter, where that is not zeros of the parameter's shape.
        before: `before(groups, rates)` is called ahead of a step's updates, for formulas that look at all parameters
            together; `groups` lists (params, grads, state, group) of each group.
    """

    def __init__(
        self,
        name: str,
        groups: Iterable[dict[str, Any]],
        defaults: dict[str, Any],
        slots: Sequence[str],
        update: Update,
        gain: Callable[..., Any],
        *,
        gates_itself: bool = False,
        made: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
        before: Callable[[list[Work], Sequence[float | Tensor]], None] | None = None,
    ) -> None:
        super().__init__(groups, {"lr": 0.0, "weight_decay": 0.0, **defaults})
        self.name, self.slots, self.update, self.gates_itself = name, tuple(slots), update, gates_itself
        self.gain, self.before = gain, before
        makers = {"step": scalar, **(made or {})}
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter] = {
                    slot: makers.get(slot, torch.zeros_like)(parameter.detach()) for slot in group.get("slots", slots)
                }
        self.register_load_state_dict_post_hook(_bound_anew)
        self._bind()

    def __repr__(self) -> str:
        return f"{self.name}({len(self.param_groups)} groups)"

    def _bind(self) -> None:
        """Collect each group's parameters and state once: looking them up costs more than a small step."""
        for parameter, state in self.state.items():
            if "step" in state:  # torch leaves it where the checkpoint was read to
                state["step"] = state["step"].to(parameter.device)
        self._bound = [self._lists(group, group["params"]) for group in self.param_groups]

    def alone(
        self, group: dict[str, Any], parameter: Tensor, state: dict[str, Tensor]
    ) -> Callable[[Sequence[Tensor], float | Tensor, Tensor | None], None]:
        """The step of one parameter, whose slots are in `state`."""
        slots = {slot: [tensor] for slot, tensor in state.items()}

        @torch.no_grad()
        def call(grads: Sequence[Tensor], lr: float | Tensor, found: Tensor | None) -> None:
            skipped, found = self._asked(found)
            if not skipped:
                self._take([([parameter], list(grads), slots, group)], [lr], found)

        return call

    def _lists(self, group: dict[str, Any], params: list[Tensor]) -> tuple[list[Tensor], dict[str, list[Tensor]]]:
        return params, {slot: [self.state[p][slot] for p in params] for slot in group.get("slots", self.slots)}

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step with each group's `lr` and the parameters' `.grad`; parameters without a gradient stay."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.advance([group["lr"] for group in self.param_groups])
        return loss

    @torch.no_grad()
    def advance(self, rates: Sequence[float | Tensor], grads: Sequence[Tensor] | None = None) -> None:
        """One step with one rate for each group; `grads`, if given, is in the order of all groups' parameters."""
        (skipped, found), at = self._asked(getattr(self, "found_inf", None)), 0
        if skipped:
            return
        works: list[Work] = []
        taken: list[float | Tensor] = []
        for group, lr, (params, state) in zip(self.param_groups, rates, self._bound, strict=True):
            given = [p.grad for p in params] if grads is None else list(grads[at : at + len(params)])
            at += len(params)
            if any(g is None for g in given):
                params = [p for p, g in zip(params, given, strict=True) if g is not None]
                params, state = self._lists(group, params)
            usable = [g for g in given if g is not None]
            if usable:
                works.append((params, usable, state, group))
                taken.append(lr)
        self._take(works, taken, found)

    def _asked(self, found: Tensor | None) -> tuple[bool, Tensor | None]:
        """(is the step to be skipped, the flag where that isn't known here)."""
        if found is None or self.gates_itself or found.device.type != "cpu":
            return False, found
        return bool(found.item()), None

    def _take(self, works: list[Work], rates: list[float | Tensor], found: Tensor | None) -> None:
        touched: list[Tensor] = []
        if found is not None and not self.gates_itself:
            for params, _, state, group in works:
                touched += [*params, *(t for slot in group.get("slots", self.slots) for t in state[slot])]
        old = [t.clone() for t in touched]
        if self.before is not None:
            self.before(works, rates)
        for (params, grads, state, group), lr in zip(works, rates, strict=True):
            if "step" in state:
                torch._foreach_add_(state["step"], 1)
            self.update(params, grads, state, group, lr, found)
        for now, was in zip(touched, old, strict=True):
            now.copy_(torch.where(found.bool(), was, now))  # type: ignore[union-attr]


def _bound_anew(own: Any) -> None:
    """No method of the optimizer's own: that would be a ring, and its memory wait for the collector."""
    own._bind()


def scalar(parameter: Tensor) -> Tensor:
    """A slot of one value, at zero, in single precision."""
    return torch.zeros((), dtype=torch.float32, device=parameter.device)


def adam(
    params: list[Tensor], grads: list[Tensor], state: dict[str, list[Tensor]], group: dict[str, Any], lr: float | Tensor
) -> None:
    """An AdamW or Adam step by torch's fused kernel, for what an optimizer leaves to it."""
    run: Any = torch._fused_adamw_ if group["decoupled"] else torch._fused_adam_
    run(
        params, grads, state["exp_avg"], state["exp_avg_sq"], [], state["step"],
        lr=lr, beta1=group["betas"][0], beta2=group["betas"][1], weight_decay=group["weight_decay"], eps=group["eps"],
        amsgrad=False, maximize=False, grad_scale=None, found_inf=None,
    )  # fmt: skip


def decayed(params: list[Tensor], grads: list[Tensor], group: dict[str, Any], lr: float | Tensor) -> list[Tensor]:
    """Apply the group's weight decay: decoupled shrinks `params` in place; L2 gives gradients with it added."""
    decay = group["weight_decay"]
    if decay == 0:
        return grads
    if group["decoupled"]:
        torch._foreach_mul_(params, 1 - lr * decay)
        return grads
    return list(torch._foreach_add(grads, params, alpha=decay))


def descend(params: list[Tensor], step: Sequence[Tensor], lr: float | Tensor) -> None:
    """`p -= lr * step`, in place, for a rate on the host or on the device."""
    if isinstance(lr, Tensor):
        torch._foreach_sub_(params, torch._foreach_mul(list(step), lr))
    else:
        torch._foreach_sub_(params, list(step), alpha=lr)
