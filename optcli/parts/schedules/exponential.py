"""The rate halves again and again, at a steady pace.

For runs that may be stopped at any time. Compare `linear`, which does better in a run of known length.

Source: as torch.optim.lr_scheduler.ExponentialLR, with the pace as a half-life.
"""

from __future__ import annotations

from dataclasses import dataclass

from optcli.parts.schedules import Plan, Trouble, floored
from optcli.units import STRICT, Duration, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    half_life: Duration = Duration(0.2, "share")
    """Time in which the rate halves, counted from the end of the warm-up."""
    min_ratio: Share = 0.0
    """Floor that the rate approaches, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """From 1 at the end of the warm-up towards `min_ratio`."""
    half_life = max(options.half_life.steps(plan.total, plan.per_epoch), 1)
    return floored(0.5 ** ((step - plan.warmup) / half_life), options.min_ratio)


def check(options: Options, plan: Plan) -> list[Trouble]:
    """Halving takes time."""
    if options.half_life.steps(plan.total, plan.per_epoch) == 0:
        return [("half_life", "the half-life is 0 steps", "write `half_life: 20%` or `half_life: 2 epochs`")]
    return []
