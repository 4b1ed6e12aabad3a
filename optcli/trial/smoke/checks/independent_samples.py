"""A sample's output depends on no other sample of its batch, and in a language model on no later token.

In evaluation mode. A wrong `view`, a softmax over the batch axis or batch statistics in evaluation mix samples up; a
missing mask lets a language model read what it should foretell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

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
        alone = _tensors(model(x), size)
        if not alone:
            return Result("skip", "the model's output holds no tensor with a row for each sample")
        moved = _moved(alone, _tensors(model(torch.cat([x[:1], other[1:]])), size), slice(1))
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
            moved = _moved(alone, _tensors(model(later), size), (slice(None), slice(-1)))
            if moved > TOLERANCE:
                said = f"outputs change by {moved:.2g} of themselves with a later token"
                return Result(
                    "fail", said, "the model sees what it should foretell: check the attention mask", {"moved": moved}
                )
    return Result("pass", "outputs depend on their own sample alone", figures={"moved": moved})


def _tensors(output: Any, rows: int) -> list[Tensor]:
    """The tensors with one row a sample in what a model gave: one tensor, or tuples, lists and dicts of them."""
    if isinstance(output, Tensor):
        return [output.double()] if output.ndim and len(output) == rows else []
    inner = output.values() if isinstance(output, Mapping) else output if isinstance(output, list | tuple) else ()
    return [tensor for part in inner for tensor in _tensors(part, rows)]


def _moved(before: list[Tensor], after: list[Tensor], at: Any) -> float:
    """Largest change at that place, relative to the outputs' size."""
    pairs = ((old[at], new[at]) for old, new in zip(before, after, strict=True))
    return max(float((new - old).abs().max() / old.abs().mean().clamp_min(1e-12)) for old, new in pairs)
