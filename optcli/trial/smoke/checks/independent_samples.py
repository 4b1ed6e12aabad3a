"""A sample's output depends on no other sample of its batch, and in a language model on no later token.

In evaluation mode. A wrong `view`, a softmax over the batch axis or batch statistics in evaluation mix samples up; a
missing mask lets a language model read what it should foretell.
"""

from __future__ import annotations

from typing import Any, Final

import torch

from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 30
SAMPLES: Final = 8
TOLERANCE: Final = 1e-4
"""Relative. Kernels may add up in another order; real dependence is orders of magnitude above."""


def check(bench: Bench) -> Result:
    """Change all samples but the first, then the last token; the first output may not move."""
    model, _ = bench.model()
    model.eval()
    size = min(SAMPLES, bench.recipe.facts.train // 2)
    x, other = bench.batch(size)[0], bench.batch(size, size)[0]
    with torch.no_grad():
        alone = model(x)
        moved = _moved(alone[:1], model(torch.cat([x[:1], other[1:]]))[:1])
        if moved > TOLERANCE:
            said = f"the first sample's output changes by {moved:.2g} of itself with the others in its batch"
            return Result(
                "fail",
                said,
                "look for a `view` or a reduction over the batch axis, and for batch statistics",
                {"moved": moved},
            )
        if bench.recipe.facts.task == "language":
            later = x.clone()
            later[:, -1] = (later[:, -1] + 1) % bench.recipe.facts.outputs
            moved = _moved(alone[:, :-1], model(later)[:, :-1])
            if moved > TOLERANCE:
                said = f"outputs change by {moved:.2g} of themselves with a later token"
                return Result(
                    "fail", said, "the model sees what it should foretell: check the attention mask", {"moved": moved}
                )
    return Result("pass", "outputs depend on their own sample alone", figures={"moved": moved})


def _moved(before: Any, after: Any) -> float:
    """Largest change relative to the outputs' size."""
    return float((after - before).abs().max() / before.abs().mean().clamp_min(1e-12))
