"""One over the root of the time: a decay that needs no end.

The schedule of the first transformers. With a warm-up of w steps and `timescale` at 0 the rate after step s is
sqrt(w / s).

Source: Vaswani et al. 2017, arXiv 1706.03762, section 5.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optcli.parts.schedules import Plan
from optcli.units import STRICT, Duration, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0.05, "share")
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    timescale: Duration = Duration(0)
    """Time after which the rate is down to 71 %, counted from the end of the warm-up; 0 takes the warm-up's length."""
    min_ratio: Share = 0.0
    """Floor, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """sqrt(t / (t + steps since the warm-up)), with the timescale t."""
    scale = options.timescale.steps(plan.total, plan.per_epoch) or max(plan.warmup, 1)
    return max(math.sqrt(scale / (scale + max(step - plan.warmup, 0))), options.min_ratio)
