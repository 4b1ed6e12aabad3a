"""Checks of what goes along with a schedule, whichever it is: momentum, weight decay, and an absolute floor."""

from __future__ import annotations

from typing import Any

from optcli.parts.schedules._course import MOVING, Course
from optcli.recipe.frugal import Troubles
from optcli.recipe.plan import Plan
from optcli.recipe.sections import Chosen, Pace


def courses(pace: Pace, schedule: Chosen, optimizer: Chosen, plan: Plan) -> Troubles:
    """Momentum or weight decay that shall change where there is none, or along with a rate that doesn't."""
    have = {"momentum": _momentum(optimizer), "weight_decay": getattr(optimizer.options, "weight_decay", None)}
    for name in MOVING:
        way = getattr(pace, name)
        path, still = f"schedule.{name}", schedule.name in ("constant", "plateau") and not schedule.options.warmup.value
        if way is not None and not have[name]:
            told = f"`{optimizer.name}` has no {name.replace('_', ' ')} that could change"
            lacks = have[name] is None
            yield path, told, "remove it" if lacks else f"set `optimizer.{name}`, or remove it"
        elif isinstance(way, Course) and plan.of(way.over) == 0:
            yield path, "`over` is 0 steps", "write 30% or 2 epochs"
        elif isinstance(way, Course) and name == "momentum" and max(way.start, way.end) == 1:
            yield path, "a momentum of 1 never forgets", "choose less than 1"
        elif isinstance(way, tuple) and still:
            told = f"`{name}` goes with the rate, and `{schedule.name}` plans none that changes"
            yield path, told, "give its own way: {start: ..., end: ...}"


def floor(pace: Pace, schedule: Chosen, optimizer: Chosen) -> Troubles:
    """A floor of the rate that the schedule has not, that is given twice, or that lies above the rate."""
    if pace.min_lr is None:
        return
    path, lr = "schedule.min_lr", getattr(optimizer.options, "lr", 0.0)
    if not hasattr(schedule.options, "min_ratio"):
        yield path, f"`{schedule.name}` has no floor", "remove `min_lr`"
    elif schedule.options.min_ratio:
        yield path, "`min_ratio` and `min_lr` both set the floor", "remove one of them"
    elif pace.min_lr > lr:
        yield path, f"the floor {pace.min_lr:g} lies above the rate {lr:g}", f"choose less than {lr:g}"


def _momentum(optimizer: Chosen) -> float | None:
    """The optimizer's momentum; None where it has none."""
    options: Any = optimizer.options
    return getattr(options, "momentum", getattr(options, "betas", (None,))[0])
