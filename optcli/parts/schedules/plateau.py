"""The rate drops when a validation metric has stopped improving.

For runs of unknown length and noisy tasks. It looks at each evaluation, so `patience` counts evaluations. The only
schedule that depends on what happened in the run; its state is in the checkpoint.

Source: as torch.optim.lr_scheduler.ReduceLROnPlateau (relative threshold).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

from optcli.parts.schedules import Plan
from optcli.units import STRICT, Duration, NonNegative, Share

STATEFUL = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    metric: str = "loss"
    """What is watched on the validation data: `loss` or the name of a metric."""
    mode: Literal["auto", "min", "max"] = "auto"
    """Whether lower or higher is better; `auto` asks the metric."""
    gamma: Annotated[float, Gt(0), Lt(1)] = 0.1
    """What the rate is multiplied by at each drop."""
    patience: Annotated[int, Ge(0)] = 5
    """Evaluations without improvement that are put up with; the next one drops the rate."""
    threshold: NonNegative = 1e-4
    """Relative improvement that counts."""
    cooldown: Annotated[int, Ge(0)] = 0
    """Evaluations after a drop that are not counted."""
    min_ratio: Share = 0.0
    """Floor, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """1: what depends on the step alone. The drops are the factor of what `build` makes."""
    return 1.0


class Plateau:
    """`observe` the value of the curve `metric` at each evaluation; `factor` multiplies the rate."""

    def __init__(self, options: Options) -> None:
        from optcli.parts.metrics import role, sign

        self.options, self.metric = options, role(options.metric)
        self.sign = sign(options.metric, options.mode)
        self.factor, self.best, self.bad, self.cooling = 1.0, math.inf, 0, 0

    def observe(self, value: float) -> None:
        """Count one evaluation; a value that is not a number is no improvement."""
        cost, options = self.sign * value, self.options
        if cost < self.best - options.threshold * (abs(self.best) if math.isfinite(self.best) else 0.0):
            self.best, self.bad = cost, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > options.patience:
            self.factor = max(self.factor * options.gamma, options.min_ratio)
            self.bad, self.cooling = 0, options.cooldown

    def state_dict(self) -> dict[str, Any]:
        """All that `observe` changes."""
        return {"factor": self.factor, "best": self.best, "bad": self.bad, "cooling": self.cooling}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.factor, self.best = float(state["factor"]), float(state["best"])
        self.bad, self.cooling = int(state["bad"]), int(state["cooling"])


def build(options: Options) -> Plateau:
    """The watcher, before its first evaluation."""
    return Plateau(options)
