"""Backward passes that raise: whose line of the forward pass it was.

The error comes from torch's engine, far from the line that is at fault. Run once more with anomaly detection, torch
tells where in the forward pass the operation stands that has no gradient.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from optcli.parts import origin
from optcli.train.traceless import plain

if TYPE_CHECKING:
    from optcli.train.objective import Objective

_FRAME: Final = re.compile(r'File "([^"\n]+)", line (\d+)')
HELP: Final = {
    "does not require grad": "the loss depends on no weight: look for `detach()`, `no_grad()`, `argmax()` or `item()`",
    "inplace operation": "don't change in place what the backward pass still needs: `x = x + 1`, not `x += 1`",
    "invalid gradient": "the gradient of an input has that input's shape",
}
"""Part of what torch says -> what to do."""


def run(objective: Objective, x: Tensor, y: Tensor, backward: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """What `backward(*given, **options)` gives: the backward pass of the objective on this batch.

    Raises:
        ModelFailed: it raised something; knows the line, and the training is over.
    """
    try:
        return backward(*given, **options)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        from optcli.train.objective import ModelFailed

        failed = ModelFailed("model", x, y, model=objective.bare)
        failed.place, failed.backward = origin.place(error) or _line(objective, x, y), True
        raise failed from error


def _line(objective: Objective, x: Tensor, y: Tensor) -> str:
    """`file:line` in the user's own code of the operation whose gradient can't be had; nothing where none is known."""
    trained = [p for p in objective.bare.parameters() if p.requires_grad]
    with warnings.catch_warnings(record=True) as told, torch.autograd.set_detect_anomaly(True, check_nan=False):
        warnings.simplefilter("always")
        try:
            with plain(objective.bare):
                torch.autograd.grad(objective.here(x, y), trained, allow_unused=True)
        except Exception:  # it is the one that is looked into
            pass
    frames = [f for warning in told for f in _FRAME.findall(str(warning.message)) if origin.theirs(f[0])]
    return ":".join(frames[-1]) if frames else ""
