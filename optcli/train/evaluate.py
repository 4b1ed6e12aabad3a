"""Validation: the mean loss and the recipe's metrics over the whole validation set, summed on the device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import Tensor

from optcli.train.inputs import host, owned
from optcli.train.objective import Objective
from optcli.train.world import World

LEAST_BATCH: Final = 512
"""Samples of an evaluation batch, unless training batches are larger: without gradients there is room for more."""
MOST_VALUES: Final = {True: 1 << 18, False: 1 << 13}
"""Input numbers, and tokens (which become vectors), of such a batch."""


class Evaluator:
    """`evaluator()` gives `{"val/loss": ..., "val/<metric>": ...}`, or None if `interrupted` said so half-way.

    Args:
        x, y: arrays or tensors with one row a sample; each process takes its part.
        metrics: name -> the metric part and its options.
    """

    def __init__(
        self,
        objective: Objective,
        x: Any,
        y: Any,
        metrics: Mapping[str, Any],
        batch_size: int,
        world: World,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._objective, self._metrics, self._world, self._interrupted = objective, metrics, world, interrupted
        inputs, targets = (host(data)[world.rank :: world.size] for data in (x, y))
        most = MOST_VALUES[inputs.dtype == torch.uint8 or inputs.dtype.is_floating_point] // max(1, inputs[:1].numel())
        self._step = max(min(LEAST_BATCH, most), batch_size)
        self._x: Any
        self._y: Any
        resident = inputs.nbytes < 0.25 * world.free_bytes()
        self._x, self._y = (world.tensor(inputs), world.tensor(targets)) if resident else (inputs, targets)

    @torch.no_grad()
    def __call__(self) -> dict[str, float] | None:
        model = self._objective.bare
        self._world.align(model.buffers())  # what a checkpoint has; each process's norms saw another part of the data
        model.eval()
        try:
            with self._objective.shown():
                sums = self._sum()
        finally:
            model.train()
        if sums is None:
            return None
        count, loss, *rest = self._world.sum_(sums).tolist()
        values = {"val/loss": loss / count}
        for name, metric in self._metrics.items():
            values[f"val/{name}"] = metric.compute(rest[: metric.WIDTH])
            rest = rest[metric.WIDTH :]
        return values

    def _sum(self) -> Tensor | None:
        """Samples, loss, then each metric's sums: float64, shape (2 + all widths,)."""
        width = 2 + sum(metric.WIDTH for metric in self._metrics.values())
        sums = torch.zeros(width, dtype=torch.float64, device=self._world.device)
        for at in range(0, len(self._x), self._step):
            if self._interrupted():
                return None
            x, y = (owned(self._world.stage(part[at : at + self._step])) for part in (self._x, self._y))
            output, loss = self._objective.evaluate(x, y)
            parts = [loss.new_full((1,), len(x), dtype=torch.float64), (loss.double() * len(x)).view(1)]
            parts += [metric.update(output, y).double().view(-1) for metric in self._metrics.values()]
            sums += torch.cat(parts)
        return sums
