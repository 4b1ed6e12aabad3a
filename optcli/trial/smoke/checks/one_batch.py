"""A handful of samples can be learned by heart.

If not even that succeeds, something is cut: labels that don't belong to their inputs are still learnable this way, but
a detached graph, a wrong loss, a saturated or far too small model are not.
"""

from __future__ import annotations

from typing import Final

import torch

from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 40
SAMPLES: Final = 8
STEPS: Final = 300
RATE: Final = 3e-3
"""Adam's, whatever the recipe says: this judges model, loss and data, not the recipe's optimizer."""
LEFT: Final = 0.1
"""The share of the first loss that may be left."""


def check(bench: Bench) -> Result:
    """Train on the same few samples with Adam and no regularizer until the loss is a tenth."""
    model, loss = bench.model()
    model.train()
    x, y = bench.batch(min(SAMPLES, bench.recipe.facts.train))
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=RATE)
    first = last = float(loss(model(x), y).detach())
    for step in range(1, STEPS + 1):
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step % 10 == 0:
            last = float(value.detach())
            if last <= LEFT * first:
                said = f"{len(x)} samples learned by heart in {step} steps: loss {first:.3g} to {last:.3g}"
                return Result("pass", said, figures={"first": first, "last": last, "steps": float(step)})
    said = f"{len(x)} samples can't be learned by heart in {STEPS} steps: loss {first:.3g} to {last:.3g}"
    return Result(
        "fail",
        said,
        "check that the loss fits the output, that no graph is cut, that the inputs reach the model",
        {"first": first, "last": last},
    )
