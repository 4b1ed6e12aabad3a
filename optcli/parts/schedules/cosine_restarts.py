"""Cosine decays one after the other, each starting anew at the peak.

Gives a usable model at the end of every period. Mostly of historical interest: one long decay ends lower.

Source: Loshchilov & Hutter 2016, "SGDR", arXiv 1608.03983; as torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optcli.parts.schedules import Plan, Trouble, floored
from optcli.units import STRICT, Count, Duration, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    first: Duration = Duration(0.25, "share")
    """Length of the first period, from the end of the warm-up."""
    mult: Count = 1
    """Each period is so many times as long as the one before."""
    decay: Share = 1.0
    """Each peak is so many times as high as the one before."""
    min_ratio: Share = 0.0
    """Floor at the end of each period, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """From the period's peak, the first of which is 1, to `min_ratio` in each period."""
    at, length, period = max(step - plan.warmup, 0), max(options.first.steps(plan.total, plan.per_epoch), 1), 0
    if options.mult == 1:
        period, at = divmod(at, length)
    while at >= length:
        at, length, period = at - length, length * options.mult, period + 1
    return floored(options.decay**period * (1 + math.cos(math.pi * at / length)) / 2, options.min_ratio)


def check(options: Options, plan: Plan) -> list[Trouble]:
    """There must be a restart."""
    length = options.first.steps(plan.total, plan.per_epoch)
    if length == 0:
        return [("first", "the first period is 0 steps long", "write `first: 25%`")]
    if length + plan.warmup >= plan.total:
        told = f"the first period of {length} steps leaves no time for a restart in {plan.total}"
        return [("first", told, "shorten it, or write `schedule: cosine`")]
    return []
