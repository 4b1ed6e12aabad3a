"""The things that `fit` needs: what they are, not what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from optcli.exits import Exit
from optcli.run.journal import Journal
from optcli.train.batches import Batches
from optcli.train.checkpoint import Checkpoints, Stateful
from optcli.train.energy import Energy
from optcli.train.evaluate import Evaluator
from optcli.train.gate import Gate
from optcli.train.meter import Meter
from optcli.train.monitor import Monitor
from optcli.train.objective import Objective
from optcli.train.position import Agenda, Position
from optcli.train.probes import Window
from optcli.train.progress import Progress
from optcli.train.randomness import Randomness
from optcli.train.rates import Rates
from optcli.train.signals import Signals
from optcli.train.update import Update
from optcli.train.world import World


@dataclass(frozen=True)
class Ending:
    """How a training ended: `finished` (the plan's end, or a goal reached before), `stopped` (a signal, to be resumed)
    or `failed` (a non-finite value, or the monitor's policy). `reason` is a sentence."""

    status: Literal["finished", "stopped", "failed"]
    reason: str
    code: int = Exit.DONE
    help: str = ""


@dataclass(frozen=True)
class Goals:
    """What evaluations are held against."""

    metric: str
    """The one that says which evaluation is best, as in `val/accuracy`."""
    higher: bool
    """Whether more of it is better."""
    targets: Mapping[str, tuple[float, bool]]
    """Metric -> (value that is enough, whether more is better)."""
    stoppers: tuple[Any, ...] = ()
    """Regularizers with `should_stop`."""


@dataclass
class Training:
    """One training under way. `state` is all that a checkpoint holds, by name and in order."""

    world: World
    agenda: Agenda
    position: Position
    batches: Batches
    rates: Rates
    update: Update
    objective: Objective
    gate: Gate
    window: Window
    evaluate: Evaluator
    goals: Goals
    monitor: Monitor
    journal: Journal
    checkpoints: Checkpoints
    state: Mapping[str, Stateful]
    randomness: Randomness
    signals: Signals
    progress: Progress
    meter: Meter
    nonfinite: Literal["stop", "skip", "rollback"]
    base_lr: float
    names: list[str]
    """Of the parameters, in the order of the window's gradient norms."""
    layers: Mapping[str, int]
    """Name -> place among them, of the weights whose gradient norms go into the journal."""
    info: dict[str, Any]
    """What was chosen once for the whole run (threads, compile, precision); goes into every checkpoint."""
    events: Callable[[], Any]
    """Opens the TensorBoard writer; called after the first step, since its import is slow."""
    restore: Callable[[], int]
    """Puts `state` back to the newest checkpoint; returns its step."""
    replay: Callable[[int], None]
    """Cuts the journal back to a checkpoint's step and shows the monitor what is left."""
    reports: list[tuple[str, Callable[[], dict[str, float]]]]
    """What the regularizers tell of themselves, asked at each evaluation."""
    opened: float = 0.0
    """When this process began to train, on `time.perf_counter`'s clock."""
    earlier: float = 0.0
    """Seconds of training before that."""
    energy: Energy | None = None
    writer: Any = None
    ending: Ending | None = None
