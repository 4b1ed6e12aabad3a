"""Ends the run when a validation metric has stopped improving.

Saves time and keeps the best weights from being trained away; the checkpoint `best` has them. `patience` counts
evaluations (`train.eval_every`). With a decaying schedule the last part of the run is where the gain is: be patient.

Source: Prechelt 1998, "Early Stopping - But When?", https://doi.org/10.1007/3-540-49430-8_3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from optcli.units import STRICT, Count, NonNegative

REPORTS = {"evals_without_improvement": "evaluations since the last improvement"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    metric: str = "loss"
    """What is watched on the validation data: `loss` or the name of a metric."""
    mode: Literal["auto", "min", "max"] = "auto"
    """Whether lower or higher is better; `auto` asks the metric."""
    patience: Count = 5
    """Evaluations without improvement after which the run ends."""
    min_delta: NonNegative = 0.0
    """Smallest improvement that counts, in the metric's units."""


class EarlyStopping:
    """Counts evaluations without improvement of the curve `metric`."""

    def __init__(self, options: Options) -> None:
        from optcli.parts.metrics import role, sign

        self.options, self.metric = options, role(options.metric)
        self.sign = sign(options.metric, options.mode)
        self.mode: Literal["min", "max"] = "min" if self.sign > 0 else "max"
        self.best, self.bad = math.inf, 0

    def should_stop(self, value: float) -> bool:
        """Take in an evaluation; True when it is time. A value that is not a number is no improvement."""
        cost = self.sign * value
        if cost < self.best - self.options.min_delta:
            self.best, self.bad = cost, 0
        else:
            self.bad += 1
        return self.bad >= self.options.patience

    def report(self) -> dict[str, float]:
        """Evaluations since the last improvement."""
        return {"evals_without_improvement": float(self.bad)}

    def state_dict(self) -> dict[str, Any]:
        """All that `should_stop` changes."""
        return {"best": self.best, "bad": self.bad}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.best, self.bad = float(state["best"]), int(state["bad"])


def build(options: Options) -> EarlyStopping:
    """The counter, before the first evaluation."""
    return EarlyStopping(options)
