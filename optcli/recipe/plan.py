"""How long a run is, in steps: plain arithmetic from the sizes of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from optcli.units import Duration


@dataclass(frozen=True, slots=True)
class Plan:
    """The length of a run. A step is one optimizer step, on `accumulate` batches."""

    steps: int
    """Of the whole run."""
    steps_per_epoch: int
    """Whole ones: what is left of the data after the last whole step of an epoch is not used in that epoch."""
    epochs: float

    @property
    def total(self) -> int:
        """`steps`, as the schedules call it."""
        return self.steps

    @property
    def per_epoch(self) -> int:
        """`steps_per_epoch`, as the schedules call it."""
        return self.steps_per_epoch

    def of(self, duration: Duration) -> int:
        """A duration of this run in steps."""
        return duration.steps(self.steps, self.steps_per_epoch)

    def times(self, every: Duration) -> int:
        """How often something happens that happens every so often, and at the end in any case."""
        return math.ceil(self.steps / max(1, self.of(every)))


def plan(train: int, batch_size: int, accumulate: int, epochs: int | None, steps: int | None) -> Plan:
    """The plan for `train` samples; `steps` rules where it is given.

    Raises:
        ValueError: not one whole step fits into an epoch, or neither epochs nor steps are given.
    """
    per_epoch = train // (batch_size * accumulate)
    if per_epoch < 1:
        raise ValueError(f"a step needs {batch_size * accumulate:,} samples, the data has {train:,}")
    if steps is None and epochs is None:
        raise ValueError("neither epochs nor steps")
    total = steps if steps is not None else per_epoch * (epochs or 0)
    return Plan(total, per_epoch, total / per_epoch)
