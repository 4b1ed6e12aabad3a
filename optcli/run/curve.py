"""What a training left behind: curves over optimizer steps, and what is known of the run as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
End = Literal["running", "finished", "stopped", "unknown"]
Counts = Literal["step", "epoch", "row"]


def read_only(values: npt.ArrayLike) -> Floats:
    """The values as a float64 array that nobody can write to."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Curve:
    """One logged quantity: `value[i]` at optimizer step `step[i]` (ascending), written at `time[i]` seconds (or None).

    All arrays have the shape (n,), are float64 and read-only. Values may be NaN or infinite: those are data.
    """

    name: str
    step: Floats
    value: Floats
    time: Floats | None = None

    def __len__(self) -> int:
        return len(self.step)

    def until(self, step: float) -> Curve:
        """The curve up to and with `step`, as views of the same arrays."""
        n = int(np.searchsorted(self.step, step, side="right"))
        if n == len(self):
            return self
        return Curve(self.name, self.step[:n], self.value[:n], None if self.time is None else self.time[:n])

    def finite(self) -> Curve:
        """The curve without its NaN and infinite values; itself where there are none."""
        keep = np.isfinite(self.value)
        if keep.all():
            return self
        return Curve(self.name, self.step[keep], self.value[keep], None if self.time is None else self.time[keep])


@dataclass(frozen=True)
class Note:
    """What a reader or the preparation did or saw: a RUN code and a sentence. Never a reason to fail."""

    code: str
    message: str


@dataclass(frozen=True, eq=False)
class Run:
    """Everything known of one training.

    `curves` are keyed by role (`train/loss`, `val/loss`, `lr`, `grad_norm`, `val/accuracy`, ...) where one was
    recognized, else by their own name; `roles` tells which original column carries which role. `planned` is the
    number of optimizer steps the run was meant to take, `epoch_steps` the steps at which epochs begin, `seams` the
    steps at which a resumed or spliced run goes on, `config` the recipe or the framework's arguments as far as known
    (classes, target variance, batch size, optimizer, ... under recipe paths such as `optimizer.lr`). `axis` tells what
    the steps of the curves count: optimizer steps, epochs, or just rows.
    """

    source: str
    format: str
    curves: Mapping[str, Curve]
    roles: Mapping[str, str] = field(default_factory=dict)
    planned: int | None = None
    end: End = "unknown"
    epoch_steps: Floats = field(default_factory=lambda: read_only([]))
    seams: tuple[float, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    axis: Counts = "step"

    def curve(self, role: str) -> Curve | None:
        """The curve that plays this role, or None; an empty curve counts as none."""
        found = self.curves.get(role)
        return found if found is not None and len(found) else None

    @property
    def points(self) -> int:
        """Logged values in all curves together."""
        return sum(map(len, self.curves.values()))

    def until(self, step: float) -> Run:
        """The run as it looked when `step` had been logged: still running, nothing later in it."""
        cut = {name: curve.until(step) for name, curve in self.curves.items()}
        n = int(np.searchsorted(self.epoch_steps, step, side="right"))
        seams = tuple(s for s in self.seams if s <= step)
        return replace(self, curves=cut, end="running", epoch_steps=self.epoch_steps[:n], seams=seams)
