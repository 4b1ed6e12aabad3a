"""From a checkpoint back to the objects of a run, after a look at whether it belongs to them.

Hashes prove that a checkpoint is what somebody wrote, not that it was this run: torch's fused optimizers walk their
state's memory by the parameter's size and would read and write beyond a tensor that is too small.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from optcli.exits import Exit, Failure
from optcli.train.snapshot import Loaded, Stateful

WALKED: Final = frozenset({"exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "sum"})
"""State of torch's fused Adam, AdamW, SGD and Adagrad that has its parameter's shape; `step` has one value."""


def restore(state: Mapping[str, Stateful], loaded: Loaded) -> None:
    """Give every object in `state` what the checkpoint holds for it, in the order of `state`.

    Raises:
        Failure: the checkpoint was not made by these objects; says which one doesn't take it.
    """
    for name, thing in state.items():
        if name not in loaded.state_dicts:
            continue
        try:
            if isinstance(thing, torch.optim.Optimizer):
                check(thing, loaded.state_dicts[name])
            thing.load_state_dict(loaded.state_dicts[name])
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise Failure(Exit.IO_ERROR, f"{loaded.path}: does not fit this run's {name}: {reason}") from error


def check(optimizer: torch.optim.Optimizer, stored: Mapping[str, Any]) -> None:
    """Compare an optimizer's stored state with its parameters.

    Raises:
        ValueError: a tensor has another size than the parameter that it belongs to (other packages' state may).
        KeyError, TypeError, AttributeError: it is no optimizer's state.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    walked = WALKED if type(optimizer).__module__.startswith(("torch.", "optcli.")) else frozenset[str]()
    numbers = [n for group in stored["param_groups"] for n in group["params"]]
    if len(parameters) != len(numbers):
        raise ValueError(f"it has {len(numbers)} parameters, the model {len(parameters)}")
    for number, parameter in zip(numbers, parameters, strict=True):
        for key, value in stored["state"].get(number, {}).items():
            if key in walked and value.shape != parameter.shape:
                raise ValueError(f"{key} has the shape {list(value.shape)}, its parameter {list(parameter.shape)}")
            if key == "step" and isinstance(value, Tensor) and value.numel() != 1:
                raise ValueError(f"step has {value.numel()} values")


def faithful(optimizer: torch.optim.Optimizer) -> None:
    """Let an optimizer load its state in the types that it was stored with, and in memory as its parameters are.

    torch gives all of it the parameters' type, so scalars that are always float32 would go on in another precision.
    Fused kernels walk state and parameter side by side.
    """
    pending: list[tuple[Tensor, str, Tensor]] = []

    def lay_out(optimizer: torch.optim.Optimizer, stored: dict[str, Any]) -> dict[str, Any]:
        params = [p for group in optimizer.param_groups for p in group["params"]]
        numbers = [n for group in stored["param_groups"] for n in group["params"]]
        state = {number: dict(one) for number, one in stored["state"].items()}
        pending.clear()
        for number, p in zip(numbers, params, strict=False):
            for name, value in state.get(number, {}).items():
                if isinstance(value, Tensor):
                    state[number][name] = _lying_as(p, value)
                    pending.append((p, name, state[number][name]))
        return {**stored, "state": state}

    def keep_types(optimizer: torch.optim.Optimizer) -> None:
        for p, name, value in pending:
            loaded = optimizer.state[p].get(name)
            if isinstance(loaded, Tensor) and loaded.dtype != value.dtype:
                optimizer.state[p][name] = value.to(loaded.device)
        pending.clear()

    optimizer.register_load_state_dict_pre_hook(lay_out)
    optimizer.register_load_state_dict_post_hook(keep_types, prepend=True)  # others bind what they find


def _lying_as(parameter: Tensor, value: Tensor) -> Tensor:
    """The value, in memory as the parameter is if they have one shape."""
    if value.shape != parameter.shape or value.stride() == parameter.stride():
        return value
    laid = torch.empty_like(parameter, dtype=value.dtype, device=value.device).copy_(value.detach())
    return laid.requires_grad_(False)
