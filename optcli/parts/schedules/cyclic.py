"""The rate swings between a low and the peak, in straight lines.

For tests of a range of rates, and as a baseline of old papers.

Source: Smith 2015, arXiv 1506.01186; as torch.optim.lr_scheduler.CyclicLR (triangular modes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    low: Share = 0.1
    """Lowest rate, as a share of the peak."""
    up: Duration = Duration(0.1, "share")
    """Length of a rise."""
    down: Duration = Duration(0.1, "share")
    """Length of a fall."""
    mode: Literal["triangular", "triangular2"] = "triangular"
    """`triangular`: all peaks alike; `triangular2`: each swing is half as high as the one before."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """Up from `low` to 1 and down again, over and over."""
    return floored(height(options, step, plan), options.low)


def height(options: Options, step: int, plan: Plan) -> float:
    """From 0 to 1 and back; in later cycles of `triangular2` to less."""
    up, down = (max(d.steps(plan.total, plan.per_epoch), 1) for d in (options.up, options.down))
    cycle, at = divmod(max(step - plan.warmup, 0), up + down)
    share = at / up if at <= up else 1 - (at - up) / down
    return share * (0.5**cycle if options.mode == "triangular2" else 1.0)


def check(options: Options, plan: Plan) -> list[Trouble]:
    """Swings take time, and the first peak must come before the end."""
    lengths = {name: getattr(options, name).steps(plan.total, plan.per_epoch) for name in ("up", "down")}
    found = [(name, f"`{name}` is 0 steps long", f"write `{name}: 10%`") for name, n in lengths.items() if n == 0]
    if plan.warmup + lengths["up"] >= plan.total:
        told = f"the first peak comes after {plan.warmup + lengths['up']} steps, the run has {plan.total}"
        found.append(("up", told, "shorten it: `up: 10%`"))
    return found
