"""Seconds saved before the first step."""

from __future__ import annotations

from typing import Any

import torch


def without_compiler() -> None:
    """Keep torch's optimizers from importing the compiler, which takes two to three seconds and isn't used.

    Some of their methods are marked as not to be compiled; torch carries that mark out at the first call, by way of
    `torch._dynamo`. Without a compiled model there is nothing to keep them out of, so they are marked as done already.
    Where torch works otherwise, this does nothing.
    """
    for name in ("add_param_group", "state_dict", "load_state_dict", "zero_grad"):
        method: Any = getattr(getattr(torch.optim.Optimizer, name, None), "__wrapped__", None)
        if method is not None and not hasattr(method, "__dynamo_disable"):
            setattr(method, "__dynamo_disable", method)
