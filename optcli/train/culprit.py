"""Where a non-finite value came from: the batch is run once more, layer by layer, with the weights as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from optcli.train.batches import Batch
from optcli.train.objective import ModelFailed, Objective
from optcli.train.probes import Row
from optcli.train.traceless import kept

SHOWN: Final = 8
"""Samples told by number; the journal has them all."""


def locate(
    objective: Objective, batches: Sequence[Batch], row: Row, names: Sequence[str], samples: Sequence[int] = ()
) -> tuple[str, str]:
    """The first bad place of the step that `row` tells of, and a sentence about it.

    The place is `input`, `target`, the name of a module or of a parameter, or `loss`; `names` are the parameters' in
    the order of `row.norms`, `samples` the numbers of the batches' samples. Buffers are left as they are.
    """
    at = 0
    for x, y in batches:
        numbers, at = samples[at : at + len(x)], at + len(x)
        for place, data in (("input", x), ("target", y)):
            if data.is_floating_point() and not torch.isfinite(data).all():
                rows = (~torch.isfinite(data)).flatten(1).any(1).nonzero().flatten().tolist() if data.ndim else [0]
                which = f": {numbered([numbers[i] for i in rows])}" if numbers else ""
                return place, f"the {place} of {len(rows)} of the batch's samples holds NaN or infinity{which}"
        found = _forward(objective, x, y)
        if found:
            return found
    return _by_gradients(row, names)


def numbered(samples: Sequence[int]) -> str:
    """The samples' numbers, the first few of many."""
    shown = ", ".join(map(str, samples[:SHOWN]))
    more = f" and {len(samples) - SHOWN} more" if len(samples) > SHOWN else ""
    return f"sample{'s' * (len(samples) > 1)} {shown}{more}"


def _forward(objective: Objective, x: Tensor, y: Tensor) -> tuple[str, str] | None:
    """The first module in the forward pass whose output is not finite."""
    seen: list[tuple[str, str]] = []
    hooks = [
        module.register_forward_hook(_watch(name, module, seen))
        for name, module in objective.bare.named_modules()
        if not list(module.children())
    ]
    try:
        with torch.no_grad(), kept(objective.bare.buffers()):
            loss = objective(x, y)
    except ModelFailed:
        loss = torch.zeros(())
    finally:
        for hook in hooks:
            hook.remove()
    if seen:
        return seen[0]
    return None if torch.isfinite(loss) else ("loss", "all layers' outputs are finite, the loss is not")


def _watch(name: str, module: nn.Module, seen: list[tuple[str, str]]) -> Any:
    def look(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and not seen and not torch.isfinite(output).all():
            label = name or type(module).__name__
            seen.append((label, f"the first output that is not finite is that of `{label}` ({type(module).__name__})"))

    return look


def _by_gradients(row: Row, names: Sequence[str]) -> tuple[str, str]:
    """From the norms taken in the bad step itself: the backward pass comes to the last parameters first."""
    bad = [name for name, norm in zip(names, row.norms.tolist(), strict=True) if not abs(norm) < float("inf")]
    if not bad:
        return "loss", "the loss was not finite, and is when the batch is run once more"
    last = bad[-1]
    share = (
        "all gradients are" if len(bad) == len(names) else f"the gradients of {len(bad)} of {len(names)} parameters are"
    )
    return last, f"{share} not finite; in the backward pass the first is that of `{last}`"
