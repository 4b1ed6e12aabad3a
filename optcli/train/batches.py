"""Training batches: one permutation and one gather an epoch, then views; of data too large for that, by the batch.

The order of the samples depends on the seed and the epoch's number alone, so a run goes on in the middle of an epoch
exactly where it was, on any number of processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from optcli.train.inputs import host, ready
from optcli.train.lazy import Lazy, ahead
from optcli.train.randomness import seed_of
from optcli.train.world import World

Batch = tuple[Tensor, Tensor]


class Batches:
    """The training set as the batches of each optimizer step; the last partial batch of an epoch is left out.

    Args:
        x, y: arrays or tensors with one row a sample.
        batch_size: samples of one backward pass, over all processes.
        accumulate: backward passes an optimizer step.
        roomy: gather a whole epoch at once; None decides by the memory that is free. Nothing but speed depends on it.
    """

    def __init__(
        self, x: object, y: object, batch_size: int, accumulate: int, seed: int, world: World, roomy: bool | None = None
    ) -> None:
        inputs, targets = host(x), host(y)
        self._x: Any
        self._y: Any
        need = max(inputs.nbytes, 4 * inputs.numel()) + targets.nbytes
        self._lazy = isinstance(inputs, Lazy)
        self._resident = not self._lazy and need < 0.5 * world.free_bytes()
        self._x, self._y = (world.tensor(inputs), world.tensor(targets)) if self._resident else (inputs, targets)
        self._roomy = self._resident and need < 0.25 * world.free_bytes() if roomy is None else roomy
        self._world, self._seed = world, seed
        self.batch_size, self.accumulate = batch_size, accumulate
        self.samples = batch_size * accumulate
        self.per_epoch = len(inputs) // self.samples
        self._replaced: dict[int, int] = {}

    def order(self, epoch: int) -> Tensor:
        """The samples' numbers in the epoch's order: (steps, accumulate, batch size)."""
        generator = torch.Generator().manual_seed(seed_of(self._seed, "epoch", epoch))
        chosen = torch.randperm(len(self._x), generator=generator)[: self.per_epoch * self.samples]
        order = chosen.view(self.per_epoch, self.accumulate, self.batch_size)
        for step, attempt in self._replaced.items():
            if step // self.per_epoch == epoch:
                generator.manual_seed(seed_of(self._seed, "instead", step, attempt))
                others, place = torch.randperm(len(self._x), generator=generator), order[step % self.per_epoch]
                others = others[torch.isin(others, place).argsort(stable=True)]  # its own samples only if there is need
                place.copy_(others[: self.samples].view_as(place))
        return order

    def replace(self, step: int, attempt: int) -> None:
        """Let 0-based step `step` take other samples from now on; each `attempt` draws others."""
        self._replaced[step] = attempt

    def state_dict(self) -> dict[str, list[list[int]]]:
        """Which steps take other samples."""
        return {"replaced": [list(pair) for pair in self._replaced.items()]}

    def load_state_dict(self, state: dict[str, list[list[int]]]) -> None:
        self._replaced = {int(step): int(attempt) for step, attempt in state["replaced"]}

    def indices(self, step: int) -> list[int]:
        """The numbers of the samples that 0-based step `step` takes."""
        epoch, within = divmod(step, self.per_epoch)
        return [int(i) for i in self.order(epoch)[within].flatten()]

    def at(self, step: int) -> list[Batch]:
        """The batches of one step, in this process's part."""
        return next(self.stream(step, step + 1))[1]

    def first(self, samples: int) -> Iterator[Tensor]:
        """The inputs of about that many samples in batches, the same in all processes: whole ones, no part of them."""
        batches = -(-samples // self.batch_size)
        for rows in self.order(0).flatten(0, 1)[:batches]:
            yield self._pick(self._world.stage(rows) if self._resident else rows)[0]

    def stream(self, start: int, stop: int) -> Iterator[tuple[int, list[Batch]]]:
        """0-based step and its `accumulate` batches, from step `start` to before `stop`."""
        for epoch in range(start // self.per_epoch, -(-stop // self.per_epoch)):
            first = epoch * self.per_epoch
            begin, end = max(start - first, 0), min(stop - first, self.per_epoch)
            yield from zip(range(first + begin, first + end), self._steps(epoch, begin, end), strict=True)

    def _steps(self, epoch: int, begin: int, end: int) -> Iterator[list[Batch]]:
        """Batches of the epoch's steps `begin` to before `end`."""
        order = self.order(epoch)[begin:end, :, self._world.share(self.batch_size)]
        part, count = order.shape[2], self.accumulate
        rows = self._world.stage(order) if self._resident else order
        if not self._roomy:
            picks = ahead(self._read, rows) if self._lazy else map(self._read, rows)
            for step in picks:
                yield [self._staged(*batch) for batch in step]
            return
        flat = rows.flatten()
        x = torch.split(ready(self._x.index_select(0, flat)), part)
        y = torch.split(ready(self._y.index_select(0, flat)), part)
        if count == 1:
            for batch in zip(x, y, strict=True):
                yield [batch]
            return
        for at in range(0, len(x), count):
            yield list(zip(x[at : at + count], y[at : at + count], strict=True))

    def _pick(self, rows: Tensor) -> Batch:
        return self._staged(*self._read([rows])[0])

    def _read(self, step: Iterable[Tensor]) -> list[Batch]:
        return [(self._x.index_select(0, rows), self._y.index_select(0, rows)) for rows in step]

    def _staged(self, x: Tensor, y: Tensor) -> Batch:
        return (ready(x), ready(y)) if self._resident else (ready(self._world.stage(x)), ready(self._world.stage(y)))
