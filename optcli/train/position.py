"""Where a run stands, and what is due when."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Position:
    """How far the run is: optimizer steps taken, and what came of the evaluations so far."""

    step: int = 0
    evaluated: int = 0
    """The step of the last evaluation."""
    saved: int = -1
    """The step of the last checkpoint that was due."""
    best: dict[str, Any] = field(default_factory=dict)
    """`metric`, `value` and `step` of the best evaluation; empty before the first."""
    last: dict[str, float] = field(default_factory=dict)
    """The last evaluation's values."""
    reports: dict[str, float] = field(default_factory=dict)
    """What the regularizers told of themselves after the last step before an evaluation."""
    loss: float | None = None
    """The last training loss that was read."""
    reached: float | None = None
    """Seconds of training after which the target was reached."""
    ended: str = ""
    """Why the run is complete, if it is before the plan's end: `early stopping`, `target`."""
    wall: float = 0.0
    """Seconds of training up to the last checkpoint, over all processes that have worked on the run."""
    rollbacks: int = 0
    skipped: int = 0
    """Bad steps in a row."""

    def state_dict(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


@dataclass(frozen=True)
class Agenda:
    """At which steps the run is evaluated and saved; both happen at the end, `total`, in any case."""

    total: int
    eval_every: int
    checkpoint_every: int

    def evaluates(self, step: int) -> bool:
        """Whether an evaluation is due after `step` steps."""
        return step == self.total or (step > 0 and step % self.eval_every == 0)

    def saves(self, step: int) -> bool:
        """Whether a checkpoint is due after `step` steps."""
        return step == self.total or (step > 0 and step % self.checkpoint_every == 0)

    def next(self, step: int) -> int:
        """The next step after `step` at which something is due."""
        return min(self.total, *((step // every + 1) * every for every in (self.eval_every, self.checkpoint_every)))
