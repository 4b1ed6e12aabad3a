"""Backward passes that raise: whose line of the forward pass it was.

The error comes from torch's engine, far from the line that is at fault. Run once more with anomaly detection, torch
tells where in the forward pass the operation stands that has no gradient.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from optcli.parts import origin

if TYPE_CHECKING:
    from optcli.train.objective import ModelFailed, Objective

_FRAME: Final = re.compile(r'File "([^"\n]+)", line (\d+)')
HELP: Final = {
    "does not require grad": "the loss depends on no weight: look for `detach()`, `no_grad()`, `argmax()` or `item()`",
    "inplace operation": "don't change in place what the backward pass still needs: `x = x + 1`, not `x += 1`",
    "invalid gradient": "the gradient of an input has that input's shape",
}
"""Part of what torch says -> what to do."""


def failed(objective: Objective, error: Exception, x: Tensor, y: Tensor) -> ModelFailed:
    """The failure of the model whose backward pass raised `error` on this batch; the training is over."""
    from optcli.train.objective import ModelFailed

    found = ModelFailed("model", x, y, model=objective.bare)
    found.place = origin.place(error) or _line(objective, x, y)
    found.backward = True
    return found


def _line(objective: Objective, x: Tensor, y: Tensor) -> str:
    """`file:line` in the user's own code of the operation whose gradient can't be had; nothing where none is known."""
    with warnings.catch_warnings(record=True) as told, torch.autograd.set_detect_anomaly(True, check_nan=False):
        warnings.simplefilter("always")
        try:
            loss = objective(x, y)
            torch.autograd.grad(loss, [p for p in objective.bare.parameters() if p.requires_grad], allow_unused=True)
        except Exception:  # it is the one that is looked into
            pass
    frames = [f for warning in told for f in _FRAME.findall(str(warning.message)) if origin.theirs(f[0])]
    return ":".join(frames[-1]) if frames else ""
