"""Sums of a step in double precision, in an order that accumulation doesn't change.

The sum over 64 samples and that of eight sums over 8 round differently, so accumulated gradients are those of the big
batch to rounding only. In `precision: fp64`, which is for comparing, each step is therefore made of eight backward
passes, whether they come as one batch, two, four or eight: the same operations, and the same bits. Measured by
`scripts/bench_precision.py`: 4.3 times as long for an MLP of 9,000 weights, 1.06 times for a GPT of 470,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from optcli.recipe.recipe import Recipe
from optcli.train.batches import Batch
from optcli.train.inputs import owned
from optcli.train.traceless import kept
from optcli.train.world import World

PARTS: Final = 8
MIXING: Final = frozenset({"cutmix", "mixup", "swap_noise"})
"""Regularizers that mix the samples of a batch with one another."""
ROUNDING: Final = 1e-11
"""Relative difference of two losses in double precision that only rounded differently."""


def parts(recipe: Recipe, world: World, model: nn.Module, data: Batch, loss: Any) -> int:
    """Backward passes that a step is made of at the least: 8 where that is the big batch but for rounding, else 1.

    Args:
        data: inputs and targets of training, of which some are tried.
    """
    train = recipe.train
    if world.dtype != torch.float64 or world.size > 1 or train.optimizer_in_backward:
        return 1
    if recipe.batch_size * train.accumulate % PARTS or PARTS % train.accumulate:
        return 1
    mixed = not MIXING.isdisjoint(r.name for r in recipe.regularizers)
    if mixed or any(isinstance(m, _BatchNorm) for m in model.modules()):
        return 1
    some = min(len(data[0]), 2 * PARTS) // 2 * 2  # however large a batch is, so that the answer doesn't depend on it
    x, y = (world.cast(owned(world.tensor(part[:some]))) for part in data)
    return PARTS if _adds_up(model, x, y, loss) else 1


@torch.no_grad()
def _adds_up(model: nn.Module, x: Tensor, y: Tensor, loss: Any) -> bool:
    """Whether the loss of samples is the mean of those of their halves, as it isn't where samples are compared."""
    model.eval()
    try:
        with kept(model.buffers()):
            whole = loss(model(x.clone()), y)
            halves = zip(x.clone().chunk(2), y.chunk(2), strict=True)
            mean = sum(loss(model(part), target) for part, target in halves) / 2
        return bool((whole - mean).abs() <= ROUNDING * whole.abs())
    except (Exception, SystemExit):
        return False  # the first real batch says what is wrong, with its place
    finally:
        model.train()


def cut(batches: Sequence[Batch], count: int) -> Sequence[Batch]:
    """The same samples, in the same order, as `count` batches of equal size (or as they are, if they are more)."""
    each = count // len(batches)
    if each <= 1:
        return batches
    return [piece for x, y in batches for piece in zip(x.chunk(each), y.chunk(each), strict=True)]
