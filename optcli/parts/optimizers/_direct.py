"""The shortest way to an optimizer's step: its kernel, called straight with the optimizer's own state.

`torch.optim`'s `step` spends 12 to 15 % of a small model's step in hooks, profiler ranges and sorting tensors by device
and type. `direct` does that work once. The result is the same bit for bit, and so is the state, which stays torch's: a
checkpoint can't tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

from optcli.parts.optimizers._kernels import Kernel, counted, maker

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

Call = Callable[[Sequence[Any], "float | Tensor", "Tensor | None"], None]
"""`call(grads, lr, found_inf)`: one step of one group by the kernel."""


def after_loading(optimizer: Optimizer, bind: Callable[[Optimizer], None]) -> None:
    """Call a bound method whenever the optimizer has loaded a state, as long as its object lives.

    A hook that held the object would make a ring of the two, and a training's memory would wait for the collector.
    """
    method = WeakMethod(bind)

    def loaded(optimizer: Optimizer) -> None:
        if (living := method()) is not None:
            living(optimizer)

    optimizer.register_load_state_dict_post_hook(loaded)


class Step:
    """`step(factor)` takes one optimizer step with every group's `initial_lr` times `factor`.

    `factor` is a float or, for CUDA graphs, a scalar tensor on the device. Gradients are the parameters' `.grad`, or
    `grads`: one for each of `step.params`, in order, as `torch.autograd.grad` gives them. `optimizer.found_inf` (a
    float32 scalar on the device, or None) skips the step where it is 1.0: parameters, state and step count stay.
    Groups' `lr` is kept up to date. Loading a state dict into the optimizer is noticed.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.params: list[Tensor] = [p for group in optimizer.param_groups for p in group["params"]]

    def __call__(self, factor: float | Tensor, grads: Sequence[Tensor] | None = None) -> None:
        optimizer = self.optimizer
        if grads is not None:
            for parameter, grad in zip(self.params, grads, strict=True):
                parameter.grad = grad
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        optimizer.step()


class _Own(Step):
    """For `_own.net.Own`, whose `advance` is direct already."""

    def __call__(self, factor: float | Tensor, grads: Sequence[Tensor] | None = None) -> None:
        groups = self.optimizer.param_groups
        for group in groups:
            group["lr"] = group["initial_lr"] * factor
        self.optimizer.advance([group["lr"] for group in groups], grads)  # type: ignore[attr-defined]


class _Cautious(Step):
    """Decay of groups with `cautious`, for weights that the step itself has made smaller in size.

    Asked after the step, so it goes with every optimizer; in a step that is skipped nothing moves, and nothing decays.
    It takes two more copies of those weights and six passes over them, one parameter after the other while it is in
    the cache: with it a fused step of AdamW on a CPU takes three to four times as long.
    """

    def __init__(self, inner: Step) -> None:
        super().__init__(inner.optimizer)
        self._inner = inner
        self._room: dict[int, tuple[list[Tensor], list[Tensor]]] = {}

    def __call__(self, factor: float | Tensor, grads: Sequence[Tensor] | None = None) -> None:
        import torch

        decaying = [(n, group) for n, group in enumerate(self.optimizer.param_groups) if group.get("cautious")]
        with torch.no_grad():
            found = [self._found(group["params"][0]) for _, group in decaying]
            for number, group in decaying:
                if number not in self._room:
                    old, room = ([torch.empty_like(p) for p in group["params"]] for _ in range(2))
                    self._room[number] = old, room
                torch._foreach_copy_(self._room[number][0], group["params"])
            self._inner(factor, grads)
            for (number, group), distance in zip(decaying, found, strict=True):
                for parameter, was, smaller in zip(group["params"], *self._room[number], strict=True):
                    torch.sub(was, parameter, out=smaller).mul_(was).sign_().relu_()  # 1 or 0
                    smaller.mul_(group["lr"] * group["cautious"] * distance)
                    parameter.addcmul_(smaller, was, value=-1)

    def _found(self, parameter: Tensor) -> float | Tensor:
        """What an optimizer that finds its own rate multiplies `lr` by in this step."""
        distance: Tensor | None = self.optimizer.state[parameter].get("d")
        return 1.0 if distance is None else distance.clone()


class _Direct(Step):
    def __init__(self, optimizer: Optimizer, make: Callable[[Optimizer, dict[str, Any]], Kernel]) -> None:
        super().__init__(optimizer)
        self._make = make
        self._bind(optimizer)
        after_loading(optimizer, self._bind)

    def _bind(self, optimizer: Optimizer) -> None:
        sizes = [len(group["params"]) for group in optimizer.param_groups]
        ends = list(accumulate(sizes))
        parts = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]
        kernels = [self._make(optimizer, group) for group in optimizer.param_groups]
        self._counts = counted(optimizer, kernels)
        self._calls = list(zip(optimizer.param_groups, parts, kernels, strict=True))

    def __call__(self, factor: float | Tensor, grads: Sequence[Tensor] | None = None) -> None:
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        found = getattr(self.optimizer, "found_inf", None)
        given: Sequence[Any] = [p.grad for p in self.params] if grads is None else grads
        if grads is None and any(grad is None for grad in given):
            self._partly(given, found)
            return
        with torch.no_grad():
            for count in self._counts:
                count.add_(1)
            for group, part, kernel in self._calls:
                kernel.run(given[part], group["lr"], found)
            if found is not None:
                for count in self._counts:
                    count.sub_(found)

    def _partly(self, grads: Sequence[Any], found: Tensor | None) -> None:
        """Step only the parameters that have a gradient, as torch does; then bind all of them anew."""
        for group, part, _ in self._calls:
            used = [(p, g) for p, g in zip(group["params"], grads[part], strict=True) if g is not None]
            if used:
                kernel = self._make(self.optimizer, {**group, "params": [p for p, _ in used]})
                kernel([g for _, g in used], group["lr"], found)
        self._bind(self.optimizer)


def stepper(optimizer: Optimizer) -> Step:
    """The fastest `Step` there is for `optimizer`."""
    step = direct(optimizer) or Step(optimizer)
    return _Cautious(step) if any(group.get("cautious") for group in optimizer.param_groups) else step


def direct(optimizer: Optimizer) -> Step | None:
    """A `Step` that calls the kernel itself, or None where that can't be done.

    It is possible for optcli's own optimizers, and for torch's SGD, Adam and AdamW with `fused=True` whose groups are
    each of one device and one floating type.
    """
    from optcli.parts.optimizers._own.net import Own

    if isinstance(optimizer, Own):
        return _Own(optimizer)
    make = maker(optimizer)
    return None if make is None else _Direct(optimizer, make)


def alone(optimizer: Optimizer, group: dict[str, Any], parameter: Tensor, state: dict[str, Tensor]) -> Call | None:
    """One parameter's step by the kernel that steps all of them, or None where they have to be stepped together.

    The state is read and written in `state`, which gets what is missing, instead of in the optimizer.
    """
    from types import SimpleNamespace

    from optcli.parts.optimizers._own.net import Own

    if isinstance(optimizer, Own):
        return None if optimizer.before else optimizer.alone(group, parameter, state)
    make: Any = maker(optimizer)
    return None if make is None else make(SimpleNamespace(state={parameter: state}), {**group, "params": [parameter]})
