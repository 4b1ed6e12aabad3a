"""What every optimizer's `build` shares: rates of the groups, the choice of kernels, and a `load` that keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.optim import Optimizer


def rated(groups: list[dict[str, Any]], lr: float) -> list[dict[str, Any]]:
    """The groups with `lr` and `initial_lr` (the base rate that a schedule's factor multiplies)."""
    rates = [lr * group.get("lr_scale", 1.0) for group in groups]
    return [{**group, "lr": rate, "initial_lr": rate} for group, rate in zip(groups, rates, strict=True)]


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


def keep_kernel(optimizer: Optimizer) -> Optimizer:
    """Make `load_state_dict` keep the implementation chosen here; torch would take over the checkpoint's choice."""

    def rewrite(optimizer: Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        saved, own = state["param_groups"], optimizer.param_groups
        if len(saved) != len(own):
            return state  # torch says what is wrong
        chosen = [{key: group[key] for key in ("fused", "foreach") if key in group} for group in own]
        return {**state, "param_groups": [{**old, **new} for old, new in zip(saved, chosen, strict=True)]}

    optimizer.register_load_state_dict_pre_hook(rewrite)
    return optimizer
