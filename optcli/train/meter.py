"""What training costs a step: CPU and wall time, without the first epoch, evaluations and saving."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Meter:
    """Measures from the first call of `mark` at or after step `skip`; time inside `pause` does not count."""

    def __init__(self, skip: int) -> None:
        self._skip = skip
        self._from: tuple[int, float, float] | None = None
        self._to: tuple[int, float, float] | None = None
        self._paused = [0.0, 0.0]
        self._again = 0

    def mark(self, step: int) -> None:
        """`step` steps are done."""
        now = step + self._again, time.process_time() - self._paused[0], time.perf_counter() - self._paused[1]
        if self._from is None and step >= self._skip:
            self._from = now
        self._to = now

    def back(self, steps: int) -> None:
        """So many steps are taken once more."""
        self._again += steps

    @contextmanager
    def pause(self) -> Iterator[None]:
        """What is done inside is not training."""
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self._paused[0] += time.process_time() - cpu
            self._paused[1] += time.perf_counter() - wall

    @property
    def steps(self) -> int:
        """Steps measured."""
        return self._to[0] - self._from[0] if self._from and self._to else 0

    @property
    def cpu_us(self) -> float | None:
        """CPU time of a step, all threads, in microseconds."""
        return self._per_step(1)

    @property
    def wall_us(self) -> float | None:
        """Wall time of a step in microseconds."""
        return self._per_step(2)

    def _per_step(self, which: int) -> float | None:
        if not self.steps or self._from is None or self._to is None:
            return None
        return (self._to[which] - self._from[which]) / self.steps * 1e6
