"""The shortest way to an optimizer's step: its kernel, called straight with the optimizer's own state.

`torch.optim`'s `step` spends 12 to 15 % of a small model's step in hooks, profiler ranges and sorting tensors by device
and type. `direct` does that work once. The result is the same bit for bit, and so is the state, which stays torch's: a
checkpoint can't tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

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
    def __init__(self, optimizer: Optimizer, bind: Callable[[Optimizer, dict[str, Any]], Call]) -> None:
        super().__init__(optimizer)
        self._make = bind
        self._bind(optimizer)
        after_loading(optimizer, self._bind)

    def _bind(self, optimizer: Optimizer) -> None:
        self._calls: list[tuple[dict[str, Any], list[Tensor], slice, Call]] = []
        at = 0
        for group in optimizer.param_groups:
            size = len(group["params"])
            self._calls.append((group, group["params"], slice(at, at + size), self._make(optimizer, group)))
            at += size

    def __call__(self, factor: float | Tensor, grads: Sequence[Tensor] | None = None) -> None:
        found = getattr(self.optimizer, "found_inf", None)
        for number, (group, params, part, call) in enumerate(self._calls):
            lr = group["lr"] = group["initial_lr"] * factor
            given = [p.grad for p in params] if grads is None else grads[part]
            for grad in given:
                if grad is None:
                    self._calls[number] = (group, params, part, self._partly(group, given, lr, found))
                    break
            else:
                call(given, lr, found)

    def _partly(self, group: dict[str, Any], grads: Sequence[Any], lr: float | Tensor, found: Tensor | None) -> Call:
        """Step only the parameters that have a gradient, as torch does; gives the call for all of them, made anew."""
        used = [p for p, grad in zip(group["params"], grads, strict=True) if grad is not None]
        if used:
            self._make(self.optimizer, {**group, "params": used})([g for g in grads if g is not None], lr, found)
        return self._make(self.optimizer, group)


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
    maker = _maker(optimizer)
    return None if maker is None else _Direct(optimizer, maker)


def alone(optimizer: Optimizer, group: dict[str, Any], parameter: Tensor, state: dict[str, Tensor]) -> Call | None:
    """One parameter's step by the kernel that steps all of them, or None where they have to be stepped together.

    The state is read and written in `state`, which gets what is missing, instead of in the optimizer.
    """
    from types import SimpleNamespace

    from optcli.parts.optimizers._own.net import Own

    if isinstance(optimizer, Own):
        return None if optimizer.before else optimizer.alone(group, parameter, state)
    maker: Any = _maker(optimizer)
    return None if maker is None else maker(SimpleNamespace(state={parameter: state}), {**group, "params": [parameter]})


def _maker(optimizer: Optimizer) -> Callable[[Optimizer, dict[str, Any]], Call] | None:
    """What makes the calls of torch's kernels, for the optimizers that have one and groups that it can take."""
    import torch

    makers = {torch.optim.SGD: _sgd, torch.optim.Adam: _adam, torch.optim.AdamW: _adam}
    simple = all(_simple(group) for group in optimizer.param_groups)
    return makers.get(type(optimizer)) if simple else None


def _simple(group: dict[str, Any]) -> bool:
    kinds = {(p.device, p.dtype) for p in group["params"]}
    return bool(group.get("fused")) and not group.get("differentiable") and len(kinds) == 1


def _adam(optimizer: Optimizer, group: dict[str, Any]) -> Call:
    """Adam and AdamW. The step counts are views of one tensor, so that one addition advances them all."""
    import torch

    params: list[Tensor] = list(group["params"])
    slots = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * group["amsgrad"]
    for parameter in params:
        state = optimizer.state[parameter]
        state.setdefault("step", torch.zeros((), dtype=torch.float32, device=parameter.device))
        for slot in slots:
            state.setdefault(slot, torch.zeros_like(parameter, memory_format=torch.preserve_format))
    count = torch.stack([optimizer.state[p]["step"] for p in params])
    steps = list(count.unbind())
    for parameter, step in zip(params, steps, strict=True):
        optimizer.state[parameter]["step"] = step
    mean, square, *largest = ([optimizer.state[p][slot] for p in params] for slot in slots)
    run: Any = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
    fixed = {name: group[name] for name in ("amsgrad", "eps", "maximize")} | {"grad_scale": None}

    @torch.no_grad()
    def call(grads: Sequence[Tensor], lr: float | Tensor, found: Tensor | None) -> None:
        count.add_(1)
        (beta1, beta2), decay = group["betas"], group["weight_decay"]  # a schedule may move them
        run(
            params, grads, mean, square, *(largest or [[]]), steps,
            lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, found_inf=found, **fixed,
        )  # fmt: skip
        if found is not None:
            count.sub_(found)

    return call


def _sgd(optimizer: Optimizer, group: dict[str, Any]) -> Call:
    import torch

    from optcli.parts.optimizers._build import kept

    params: list[Tensor] = list(group["params"])
    buffers: list[Tensor] = []
    if group["momentum"] != 0:
        for parameter in params:
            optimizer.state[parameter].setdefault("momentum_buffer", torch.zeros_like(parameter))
        buffers = [optimizer.state[p]["momentum_buffer"] for p in params]
    run: Any = torch._fused_sgd_
    fixed = {name: group[name] for name in ("dampening", "nesterov", "maximize")}
    fixed |= {"is_first_step": False, "grad_scale": None}

    @torch.no_grad()
    def call(grads: Sequence[Tensor], lr: float | Tensor, found: Tensor | None) -> None:
        if decay := group.get("shrink"):
            torch._foreach_mul_(params, kept(lr, decay, found))
        moving = {"momentum": group["momentum"], "weight_decay": group["weight_decay"]}  # by a schedule
        run(params, grads, buffers, lr=lr, found_inf=found, **moving, **fixed)

    return call
