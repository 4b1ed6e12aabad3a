"""Up to the peak and down far below the start, in one cycle: fast training at high rates.

It has its own rise, so leave `warmup` at 0. The base rate is the peak; find it with a rate test and take a high one.

The paper cycles the momentum against the rate: `momentum: [0.85, 0.95]`.

Source: Smith & Topin 2017, "Super-Convergence", arXiv 1708.07120; as torch.optim.lr_scheduler.OneCycleLR.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from optcli.parts.schedules import Plan, Trouble, floored
from optcli.units import STRICT, Duration, Positive, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    peak_at: Share = 0.3
    """Share of the run that the rise takes."""
    div: Positive = 25.0
    """The first rate is the peak divided by this."""
    final_div: Positive = 1e4
    """The last rate is the first divided by this."""
    shape: Literal["cosine", "linear"] = "cosine"
    """Form of rise and fall."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """Rise from 1 / div to 1, then fall to 1 / (div * final_div) at the last step."""
    at, peak, _ = _times(step, options, plan)
    first = 1 / options.div
    return floored(height(options, step, plan), first if at <= peak else first / options.final_div)


def height(options: Options, step: int, plan: Plan) -> float:
    """From 0 to 1 at the peak, and back to 0 at the last step."""
    at, peak, last = _times(step, options, plan)
    share = (at / peak if peak > 0 else 1.0) if at <= peak else (last - at) / (last - peak)
    share = min(max(share, 0.0), 1.0)
    return share if options.shape == "linear" else (1 - math.cos(math.pi * share)) / 2


def _times(step: int, options: Options, plan: Plan) -> tuple[float, float, float]:
    """Steps since the warm-up: of `step`, of the peak, of the last step."""
    span = plan.total - plan.warmup
    return step - plan.warmup, options.peak_at * span - 1, span - 1


def check(options: Options, plan: Plan) -> list[Trouble]:
    """A second rise before the cycle's own one is a mistake."""
    if plan.warmup:
        return [("warmup", "one_cycle has a rise of its own", "drop `warmup`; set `peak_at` for its length")]
    return []
