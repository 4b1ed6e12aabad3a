"""Every trainable parameter gets a gradient.

One that gets none is cut off from the loss, or was never used; one whose gradient is exactly zero on several batches
sits behind a dead unit or a detached tensor.
"""

from __future__ import annotations

from typing import Final

import torch

from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 20
BATCHES: Final = 4
NAMED: Final = 3


def check(bench: Bench) -> Result:
    """Backward passes over a few batches; a parameter must get a non-zero gradient in one of them."""
    model, loss = bench.model()
    model.train()
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    reached, without = set[str](), set(named)
    size = min(bench.recipe.batch_size, 64)
    for number in range(BATCHES):
        x, y = bench.batch(size, number * size)
        if not len(x):
            break
        grads = torch.autograd.grad(loss(model(x), y), list(named.values()), allow_unused=True)
        for name, grad in zip(named, grads, strict=True):
            if grad is not None:
                without.discard(name)
                if bool(grad.count_nonzero()):
                    reached.add(name)
    frozen = sum(not p.requires_grad for p in model.parameters())
    zero = [name for name in named if name not in reached and name not in without]
    figures = {
        "parameters": float(len(named)),
        "without": float(len(without)),
        "zero": float(len(zero)),
        "frozen": float(frozen),
    }
    if without:
        return Result(
            "fail",
            f"no gradient reaches {_some(sorted(without))}",
            "the loss doesn't depend on it: unused, detached or replaced",
            figures,
        )
    if zero:
        return Result(
            "fail",
            f"the gradient of {_some(zero)} is exactly zero",
            "a dead unit, or both sides of a product start at zero",
            figures,
        )
    return Result(
        "pass", f"all {len(named)} parameters get one" + (f", {frozen} are frozen" if frozen else ""), figures=figures
    )


def _some(names: list[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(f"`{n}`" for n in names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
