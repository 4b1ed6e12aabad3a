"""torch's fused kernels, bound to an optimizer's own state: what is called in a step, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


class Kernel:
    """`kernel(grads, lr, found_inf)`: one step of one group.

    Args:
        run: the same, for step counts that are ahead already, called without gradients on.
        params: of the group, where there are counts, which are views of one tensor: one addition advances them all.
        steps: those views, in the list that `run` hands to the kernel.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Any], float | Tensor, Tensor | None], None],
        params: Sequence[Tensor] = (),
        steps: list[Tensor] | None = None,
    ) -> None:
        self.run, self.params, self.steps = run, params, steps or []
        self.counts: list[Tensor] = []

    def __call__(self, grads: Sequence[Any], lr: float | Tensor, found: Tensor | None) -> None:
        import torch

        with torch.no_grad():
            for count in self.counts:
                count.add_(1)
            self.run(grads, lr, found)
            if found is not None:
                for count in self.counts:
                    count.sub_(found)


def counted(optimizer: Optimizer, kernels: Sequence[Kernel]) -> list[Tensor]:
    """All the kernels' step counts, one tensor on each device, of which the optimizer's are views from now on."""
    import torch

    places: dict[torch.device, list[tuple[Kernel, int]]] = {}
    for kernel in kernels:
        for at, step in enumerate(kernel.steps):
            places.setdefault(step.device, []).append((kernel, at))
    counts = [torch.stack([kernel.steps[at] for kernel, at in those]) for those in places.values()]
    for count, those in zip(counts, places.values(), strict=True):
        for (kernel, at), step in zip(those, count.unbind(), strict=True):
            kernel.steps[at] = optimizer.state[kernel.params[at]]["step"] = step
    return counts


def maker(optimizer: Optimizer) -> Callable[[Optimizer, dict[str, Any]], Kernel] | None:
    """What makes the calls of torch's kernels, for the optimizers that have one and groups that it can take."""
    import torch

    makers = {torch.optim.SGD: _sgd, torch.optim.Adam: _adam, torch.optim.AdamW: _adam}
    simple = all(_simple(group) for group in optimizer.param_groups)
    return makers.get(type(optimizer)) if simple else None


def _simple(group: dict[str, Any]) -> bool:
    kinds = {(p.device, p.dtype) for p in group["params"]}
    return bool(group.get("fused")) and not group.get("differentiable") and len(kinds) == 1


def _adam(optimizer: Optimizer, group: dict[str, Any]) -> Kernel:
    """Adam and AdamW."""
    import torch

    params: list[Tensor] = list(group["params"])
    slots = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * group["amsgrad"]
    for parameter in params:
        state = optimizer.state[parameter]
        state.setdefault("step", torch.zeros((), dtype=torch.float32, device=parameter.device))
        for slot in slots:
            state.setdefault(slot, torch.zeros_like(parameter, memory_format=torch.preserve_format))
    steps = [optimizer.state[p]["step"] for p in params]
    mean, square, *largest = ([optimizer.state[p][slot] for p in params] for slot in slots)
    run: Any = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
    fixed = {name: group[name] for name in ("amsgrad", "eps", "maximize")} | {"grad_scale": None}

    def call(grads: Sequence[Any], lr: float | Tensor, found: Tensor | None) -> None:
        (beta1, beta2), decay = group["betas"], group["weight_decay"]  # a schedule may move them
        run(
            params, grads, mean, square, *(largest or [[]]), steps,
            lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, found_inf=found, **fixed,
        )  # fmt: skip

    kernel = Kernel(call, params, steps)
    kernel.counts = counted(optimizer, [kernel])
    return kernel


def _sgd(optimizer: Optimizer, group: dict[str, Any]) -> Kernel:
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

    def call(grads: Sequence[Any], lr: float | Tensor, found: Tensor | None) -> None:
        if decay := group.get("shrink"):
            torch._foreach_mul_(params, kept(lr, decay, found))
        moving = {"momentum": group["momentum"], "weight_decay": group["weight_decay"]}  # by a schedule
        run(params, grads, buffers, lr=lr, found_inf=found, **moving, **fixed)

    return Kernel(call)
