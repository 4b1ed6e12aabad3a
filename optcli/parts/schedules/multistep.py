"""The rate drops by a fixed factor at given times.

For recipes that say "divide by 10 at epochs 30, 60 and 80". Times count from the start of the run.

Source: as torch.optim.lr_scheduler.MultiStepLR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MinLen

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
    at: Annotated[tuple[Duration, ...], MinLen(1)] = (Duration(0.5, "share"), Duration(0.75, "share"))
    """Times of the drops."""
    gamma: Positive = 0.1
    """What the rate is multiplied by at each drop."""
    min_ratio: Share = 0.0
    """Floor, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """`gamma` to the power of the drops so far."""
    drops = sum(step >= at.steps(plan.total, plan.per_epoch) for at in options.at)
    return max(options.gamma**drops, options.min_ratio)


def check(options: Options, plan: Plan) -> list[Trouble]:
    """Drops must come before the end."""
    late = [str(at) for at in options.at if at.steps(plan.total, plan.per_epoch) >= plan.total]
    told = f"the run has {plan.total} steps: {' and '.join(late)} never comes"
    return [("at", told, "give times before the end, as in `at: [50%, 75%]`")] if late else []
