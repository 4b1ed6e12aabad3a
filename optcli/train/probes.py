"""Numbers taken on the device: written there every step, read once a window, so that nobody waits for them.

A window is one tensor with a row a step. The host knows the rest of a row by itself: step, learning rate, time. On an
accelerator the copy runs while the next window fills, so the host reads one window late.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from optcli.train.signals import Signals
from optcli.train.world import World

STEPS: Final = 100
"""The most steps a window holds."""
SECONDS: Final = 1.0
"""A window is read after this long, however few steps it holds."""
RATIO_EVERY: Final = 20
"""Steps between two measurements of the update ratio, the one price beside the gradients' norms."""
LAYERS: Final = 12
LAYERS_EVERY: Final = 20
"""The most layers whose gradient norms are logged, and the steps between two times: enough to see which get none."""
Array = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(slots=True)
class Row:
    """What is known of one step. `norms` holds each parameter's gradient norm; non-finite values are true ones."""

    step: int
    loss: float
    grad_norm: float
    update_ratio: float | None
    scale: float | None
    factor: float
    """Of the base learning rate."""
    at: float
    """Seconds since the window was made."""
    seconds: float
    norms: Array
    finite: bool
    """Whether loss and all gradients are."""


class Window:
    """The rows of up to `STEPS` optimizer steps.

    `heads[i]` is the device's row i: the loss, then each parameter's gradient norm; `ratios[i]` and `scales[i]` are
    cells for the update ratio and the loss scale. None of them outlives the next `read`.
    """

    def __init__(self, world: World, parameters: int, signals: Signals, scaled: bool = False) -> None:
        self._world, self._width, self._signals, self._scaled = world, parameters + 1, signals, scaled
        self._alone = world.size == 1
        self._buffer = torch.zeros(STEPS, parameters + 3, device=world.device)
        self.heads: Sequence[Tensor] = self._buffer[:, : self._width].unbind(0)
        self.ratios, self.scales = (c.unbind(0) for c in self._buffer[:, self._width :].unbind(1))
        self._reader = world.reader(self._buffer)
        self._pending: tuple[int, list[float], list[float], float] | None = None
        self.count = 0
        self.boundary = 0
        self._limit = STEPS if world.size == 1 else 10
        self._origin = time.perf_counter()
        self._first, self._factors, self._times = 0, list[float](), list[float]()
        self.go_on(0)

    def go_on(self, step: int) -> None:
        """Begin a window after `step` steps; the time since the last one is nobody's."""
        self.count, self._first, self._factors, self._times = 0, step, [], []
        self._begin = time.perf_counter()

    def closes(self, step: int, factor: float) -> bool:
        """Note the host's part of the step just taken, the `step`-th; True when it is time to read."""
        now = time.perf_counter()
        self._factors.append(factor)
        self._times.append(now)
        self.count += 1
        if self.count >= self._limit or step == self.boundary:
            return True
        return self._alone and (now - self._begin > SECONDS or self._signals.received is not None)

    def read(self, drain: bool) -> list[Row]:
        """The rows since the last `read` as far as they can be had without waiting; all of them if `drain`."""
        rows = self._collect()
        self._reader.start(self._buffer)
        self._pending = self._first, self._factors, self._times, self._begin
        self.go_on(self._first + self.count)
        if drain or self._world.device.type == "cpu":
            rows += self._collect()
        return rows

    def forget(self) -> None:
        """Drop what has not been read: the run goes back to an earlier step."""
        self._pending = None

    def _collect(self) -> list[Row]:
        if self._pending is None:
            return []
        (first, factors, times, begin), self._pending = self._pending, None
        values = self._reader.finish()[: len(factors)]
        finite = np.isfinite(values[:, : self._width]).all(axis=1).tolist()
        totals = np.sqrt(np.square(values[:, 1 : self._width], dtype=np.float64).sum(axis=1)).tolist()
        ratios, scales = values[:, self._width].tolist(), values[:, self._width + 1].tolist()
        rows = []
        for i, loss in enumerate(values[:, 0].tolist()):
            ratio = ratios[i] if (first + i) % RATIO_EVERY == 0 and math.isfinite(ratios[i]) else None
            scale = scales[i] if self._scaled else None
            at, seconds = times[i] - self._origin, times[i] - (times[i - 1] if i else begin)
            norms = values[i, 1 : self._width]
            rows.append(Row(first + i + 1, loss, totals[i], ratio, scale, factors[i], at, seconds, norms, finite[i]))
        return rows

    def pace(self) -> None:
        """Several processes must close a window at the same step, so they agree on its length, not on a clock."""
        if self._world.size > 1:
            speed = self.count / max(time.perf_counter() - self._begin, 1e-6)
            self._limit = int(-self._world.agree(-min(max(speed * SECONDS, 1.0), STEPS)))


def layers(model: nn.Module, names: Sequence[str]) -> dict[str, int]:
    """Matrices of weights -> their places among `names`, from the input on; of many layers some at equal distances."""
    place = {name: i for i, name in enumerate(names)}
    found = [name for name, p in model.named_parameters() if p.ndim > 1 and name in place]
    some = sorted({round(at) for at in np.linspace(0, len(found) - 1, min(LAYERS, len(found))).tolist()})
    return {found[i]: place[found[i]] for i in some}
