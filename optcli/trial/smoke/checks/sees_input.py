"""The model learns more from its inputs than from none.

Two short trainings from the same weights, one of them with every input replaced by zeros. If the real inputs don't
help, labels and inputs don't belong together, or the inputs never reach the output. Weights may have too far to go at
one rate of Adam, which moves none by more than that a step: then further rates are tried.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final

import torch

from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 60
SECONDS: Final = 6.0
"""What the longer of the first two may take; slow models take fewer steps."""
FEWEST, MOST = 20, 300
RATES: Final = {1e-3: 1.0, 1e-2: 1 / 3, 1e-1: 1 / 3}
"""Adam's -> share of the steps, which are never fewer than FEWEST: further rates take no longer than the first."""
SAMPLES: Final = 512
"""Validation samples at the end."""
BETTER: Final = 0.98
"""The real inputs must lower the validation loss at least to this share of the blind one's."""


def check(bench: Bench) -> Result:
    """Train with and without inputs; compare the best validation losses of either at the rates so far."""
    begin = time.perf_counter()
    _train(bench, 3, next(iter(RATES)), blind=False)
    pace = (time.perf_counter() - begin) / 3
    most = min(max(SECONDS / max(pace, 1e-6), FEWEST), MOST)
    seen, blind, tried = float("inf"), float("inf"), []
    for rate, share in RATES.items():
        steps = int(max(share * most, FEWEST))
        seen, blind = (min(old, _train(bench, steps, rate, blind=b)) for old, b in ((seen, False), (blind, True)))
        tried.append(f"{steps} steps of Adam at {rate:g}")
        helped = math.isfinite(seen) and (seen <= BETTER * blind if blind > 0 else seen < blind)
        if helped:
            break
    figures = {"val_loss": seen, "val_loss_blind": blind, "steps": float(steps), "rate": rate}
    said = f"validation loss {seen:.3g} after {', '.join(tried)}, {blind:.3g} without inputs"
    if helped:
        return Result("pass", said, figures=figures)
    return Result("fail", said, "check that inputs and labels belong together, and their scale", figures)


def _train(bench: Bench, steps: int, rate: float, *, blind: bool) -> float:
    """Validation loss after `steps` steps of Adam at a constant rate on batches in the recipe's order."""
    built = bench.build(("regularizers", []))
    model, loss = built.objective.bare, built.objective.loss
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=rate)
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
