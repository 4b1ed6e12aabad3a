"""Learning-rate schedules: pure functions of the step.

A module has `Options` (always with `warmup` and `warmup_from`) and `factor(options, step, plan)`, the multiplier of the
base rate at the 0-based `step` with warm-up left out; decays span from the end of the warm-up to the end of the run.
`rate` is what a training loop multiplies the base rate by: warm-up and factor together. Because it depends on the step
alone it can be drawn before the run, and resumes exactly. A module with `STATEFUL = True` also has `build(options)`:
an object with `factor`, `observe(value)`, `state_dict` and `load_state_dict`, whose factor multiplies `rate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RENAMED: dict[str, str] = {}

Trouble = tuple[str, str, str]
"""A value that doesn't fit the run: (option, what is wrong, what to do)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The run's length in optimizer steps, as schedules need it."""

    total: int
    """Steps of the whole run."""
    per_epoch: int
    """Steps of one epoch."""
    warmup: int = 0
    """Steps of the warm-up."""

    @classmethod
    def of(cls, options: Any, total: int, per_epoch: int) -> Plan:
        """The plan of a run with the schedule `options`, whose `warmup` is resolved here."""
        return cls(total, per_epoch, options.warmup.steps(total, per_epoch))

    def progress(self, step: int) -> float:
        """How far `step` is from the end of the warm-up (0.0) to the end of the run (1.0)."""
        return min(max(step - self.warmup, 0) / max(self.total - self.warmup, 1), 1.0)


def rate(module: Any, options: Any, step: int, plan: Plan) -> float:
    """The multiplier of the base rate at the 0-based `step`.

    During a warm-up of w steps it rises linearly from `warmup_from` towards the schedule's first factor: step s has the
    share (s + 1) / (w + 1) of the way, so that the first step is not wasted and step w is the peak.
    """
    if step >= plan.warmup:
        return float(module.factor(options, step, plan))
    share = (step + 1) / (plan.warmup + 1)
    ramp = options.warmup_from + (1 - options.warmup_from) * share
    return float(ramp * module.factor(options, plan.warmup, plan))


def check(module: Any, options: Any, plan: Plan) -> list[Trouble]:
    """Values that can't be meant, given the plan: the warm-up's, then those that the module itself knows of."""
    found: list[Trouble] = []
    if plan.warmup >= plan.total:
        found.append(
            ("warmup", f"the warm-up takes {plan.warmup} steps, the whole run {plan.total}", "shorten it: `warmup: 5%`")
        )
    if hasattr(module, "check"):
        found += module.check(options, plan)
    return found


def floored(share: float, floor: float) -> float:
    """`share` from 1 to 0, squeezed so that it ends at `floor`."""
    return floor + (1 - floor) * share
