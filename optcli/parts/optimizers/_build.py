"""What every optimizer's `build` shares: rates of the groups, the choice of kernels, and a `load` that keeps it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


def rated(groups: list[dict[str, Any]], lr: float) -> list[dict[str, Any]]:
    """The groups with `lr` and `initial_lr` (the base rate that a schedule's factor multiplies)."""
    rates = [lr * group.get("lr_scale", 1.0) for group in groups]
    return [{**group, "lr": rate, "initial_lr": rate} for group, rate in zip(groups, rates, strict=True)]


def split(groups: list[dict[str, Any]], mark: str, **marked: Any) -> Iterator[dict[str, Any]]:
    """Each group as the parameters for which `mark` is true, with `marked` set, and the rest, without empty groups."""
    for group in groups:
        for wanted in (True, False):
            params = [p for p, given in zip(group["params"], group[mark], strict=True) if given is wanted]
            more = {"name": f"{group['name']}, {mark}", **marked} if wanted else {}
            if params:
                yield {**group, "params": params, mark: [wanted] * len(params), **more}


def kernel(groups: list[dict[str, Any]], device: str, *, fused: bool = True) -> dict[str, bool]:
    """The fastest implementation that torch has: fused where possible, else foreach on a GPU, else its for-loop.

    torch never chooses fused by itself, though on a CPU too it takes a third of the for-loop's time.
    """
    from torch.utils import _foreach_utils as supported

    kind = device.partition(":")[0]
    floating = all(p.is_floating_point() for group in groups for p in group["params"])
    if fused and floating and kind in supported._get_fused_kernels_supported_devices():
        return {"fused": True}
    return {"foreach": kind in supported._get_foreach_kernels_supported_devices()}


def wrapped(
    family: Callable[..., Optimizer],
    groups: list[dict[str, Any]],
    options: Any,
    device: str,
    gain: Callable[..., Any],
    *,
    native: bool = False,
    fused: bool = False,
    **settings: Any,
) -> Optimizer:
    """One of torch's optimizers with `options.lr` and `options.decay`.

    Args:
        gain: see `_gain`.
        native: it has torch's flag for decoupled decay; otherwise decoupled decay is done before its step.
        fused: it has a fused kernel.
        settings: passed on.
    """
    from torch.optim.optimizer import _get_capturable_supported_devices as supported

    rates = rated(groups, options.lr)
    if native:
        settings["decoupled_weight_decay"] = options.decay == "decoupled"
    elif options.decay == "decoupled":
        rates = shrunk(rates)
    if "capturable" in inspect.signature(family).parameters:
        # Keeps step counts on the device: read from there every step, a GPU would wait for the host and the other way.
        settings["capturable"] = device.partition(":")[0] in supported()
    optimizer = family(rates, lr=options.lr, **settings, **kernel(groups, device, fused=fused))
    optimizer.register_step_pre_hook(shrink)
    return finished(optimizer, gain)


def shrunk(groups: list[dict[str, Any]], l2: bool = False) -> list[dict[str, Any]]:
    """The groups with their decay as `shrink` (or `l2`), for the hooks below to apply, instead of `weight_decay`."""
    return [{**group, "weight_decay": 0.0, "l2" if l2 else "shrink": group["weight_decay"]} for group in groups]


def grown(optimizer: Optimizer, *_: Any) -> None:
    """Before a step: the gradients of groups with `l2` get l2 * w."""
    import torch

    with torch.no_grad():
        for group in optimizer.param_groups:
            for parameter in group["params"] if group.get("l2") else ():
                if parameter.grad is not None:
                    parameter.grad = torch.add(parameter.grad, parameter, alpha=group["l2"])


def shrink(optimizer: Optimizer, *_: Any) -> None:
    """Before a step: groups with `shrink` lose lr * shrink of their weights, unless the step is to be skipped."""
    import torch

    found = getattr(optimizer, "found_inf", None)
    with torch.no_grad():
        for group in optimizer.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if group.get("shrink") and params:
                torch._foreach_mul_(params, kept(group["lr"], group["shrink"], found))


def kept(lr: float | Tensor, decay: float, found: Tensor | None) -> Any:
    """The share of a weight that one step of decoupled decay leaves: 1 in a skipped step."""
    import torch

    share = 1 - lr * decay
    return share if found is None else torch.where(found > 0, 1.0, share)


def finished(optimizer: Optimizer, gain: Callable[..., Any]) -> Optimizer:
    """Attach the gain (see `_gain`), and make `load_state_dict` keep the implementation chosen here.

    torch would take over the checkpoint's choice.
    """
    optimizer.gain = gain  # type: ignore[attr-defined]

    def rewrite(optimizer: Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        saved, own = state["param_groups"], optimizer.param_groups
        if len(saved) != len(own):
            return state  # torch says what is wrong
        chosen = [{key: group[key] for key in ("fused", "foreach", "capturable") if key in group} for group in own]
        return {**state, "param_groups": [{**old, **new} for old, new in zip(saved, chosen, strict=True)]}

    optimizer.register_load_state_dict_pre_hook(rewrite)
    return optimizer
