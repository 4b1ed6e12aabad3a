"""The rate drops by a fixed factor at regular intervals.

The classic of image classification; by default it drops after 30, 60 and 90 % of the run. Intervals count from the
start of the run: `every: 10 epochs` drops after epochs 10, 20 and so on, whatever the warm-up.

Source: as torch.optim.lr_scheduler.StepLR.
"""

from __future__ import annotations

from dataclasses import dataclass

from optcli.parts.schedules import Plan, Trouble
from optcli.units import STRICT, Duration, Positive, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    every: Duration = Duration(0.3, "share")
    """Interval between drops."""
    gamma: Positive = 0.1
    """What the rate is multiplied by at each drop."""
    min_ratio: Share = 0.0
    """Floor, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """`gamma` to the power of the drops so far."""
    every = max(options.every.steps(plan.total, plan.per_epoch), 1)
    return max(options.gamma ** (step // every), options.min_ratio)


def check(options: Options, plan: Plan) -> list[Trouble]:
    """The first drop must come before the end."""
    every = options.every.steps(plan.total, plan.per_epoch)
    if every == 0:
        return [("every", "the interval between drops is 0 steps", "write `every: 30%` or `every: 10 epochs`")]
    if every >= plan.total:
        told = f"the first drop comes after {every} steps, the run has {plan.total}"
        return [("every", told, "shorten it, or write `schedule: constant`")]
    return []
