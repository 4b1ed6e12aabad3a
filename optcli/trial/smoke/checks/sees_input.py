"""The model learns more from its inputs than from none.

Two short trainings from the same weights, one of them with every input replaced by zeros. If the real inputs don't
help, labels and inputs don't belong together, or the inputs never reach the output.
"""

from __future__ import annotations

import time
from typing import Any, Final

import torch

from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 60
SECONDS: Final = 6.0
"""What the longer of the two may take; slow models take fewer steps."""
FEWEST, MOST = 20, 300
SAMPLES: Final = 512
"""Validation samples at the end."""
BETTER: Final = 0.98
"""The real inputs must lower the validation loss at least to this share of the blind one's."""


def check(bench: Bench) -> Result:
    """Train with and without inputs; compare the validation losses."""
    begin = time.perf_counter()
    _train(bench, 3, blind=False)
    pace = (time.perf_counter() - begin) / 3
    steps = int(min(max(SECONDS / max(pace, 1e-6), FEWEST), MOST))
    seen, blind = _train(bench, steps, blind=False), _train(bench, steps, blind=True)
    figures = {"val_loss": seen, "val_loss_blind": blind, "steps": float(steps)}
    said = f"validation loss {seen:.3g} after {steps} steps, {blind:.3g} without inputs"
    if seen <= BETTER * blind if blind > 0 else seen < blind:
        return Result("pass", said, figures=figures)
    return Result("fail", said, "check that inputs and labels belong together, and the learning rate", figures)


def _train(bench: Bench, steps: int, *, blind: bool) -> float:
    """Validation loss after `steps` steps of Adam at 1e-3 on batches in the recipe's order."""
    built = bench.build(("regularizers", []))
    model, loss = built.objective.bare, built.objective.loss
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _, batches in built.batches.stream(0, steps):
        x, y = map(bench.world.cast, batches[0])
        optimizer.zero_grad()
        loss(model(_hidden(x, blind)), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model.eval()
    x, y = (bench.tensor(part[:SAMPLES]) for part in (bench.splits.val_x, bench.splits.val_y))
    with torch.no_grad():
        return float(loss(model(_hidden(x, blind)), y))


def _hidden(x: Any, blind: bool) -> Any:
    return torch.zeros_like(x) if blind else x
