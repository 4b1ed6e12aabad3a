"""A schedule over a run, and what changes along with its rate: momentum and weight decay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

from optcli.parts.schedules import Plan, height, rate
from optcli.units import STRICT, Duration, Share

MOVING: Final = ("momentum", "weight_decay")
"""What may have a course beside the rate's."""


@dataclass(frozen=True)
class Course:
    """From one value to another, whatever the rate does."""

    __pydantic_config__ = STRICT

    start: Share
    """Value at the first step."""
    end: Share
    """Value from the end of the change on."""
    over: Duration = Duration(1, "share")
    """Length of the change."""
    shape: Literal["linear", "cosine"] = "linear"
    """Form of the change."""


@dataclass(frozen=True)
class Scheduled:
    """A schedule's module and options, what goes along with it (an object with `MOVING`), and the run's plan."""

    module: Any
    options: Any
    pace: Any
    plan: Plan

    def rate(self, step: int) -> float:
        """The multiplier of the base rate at the 0-based `step`."""
        return rate(self.module, self.options, step, self.plan)

    def others(self, step: int) -> dict[str, float]:
        """Momentum, and the factor of the weight decay, at the 0-based `step`; only those that have a course."""
        ways = {name: getattr(self.pace, name, None) for name in MOVING}
        return {name: self._value(way, step) for name, way in ways.items() if way is not None}

    def _value(self, way: Course | tuple[float, float], step: int) -> float:
        """On a pair's way: the first where the rate is at its peak, the second where it is lowest."""
        if not isinstance(way, Course):
            return way[1] + (way[0] - way[1]) * height(self.module, self.options, step, self.plan)
        share = min(step / max(way.over.steps(self.plan.total, self.plan.per_epoch), 1), 1.0)
        if way.shape == "cosine":
            share = (1 - math.cos(math.pi * share)) / 2
        return way.start + (way.end - way.start) * share
