"""Warm-up, stable, decay: constant until late in the run, then down to the floor.

As good as cosine, and the constant part can be resumed for longer: only the last decay is run anew. The default shape,
1 - sqrt, falls fast first.

Source: Hägele et al. 2024, arXiv 2405.18392; Hu et al. 2024 (MiniCPM), arXiv 2404.06395.
"""

from __future__ import annotations

import math
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
    decay: Duration = Duration(0.2, "share")
    """Length of the decay at the end."""
    shape: Literal["1-sqrt", "linear", "cosine"] = "1-sqrt"
    """Form of the decay."""
    min_ratio: Share = 0.0
    """Floor at the end, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """1 until the decay begins, then down to `min_ratio` after the last step."""
    length = options.decay.steps(plan.total, plan.per_epoch)
    gone = step - (plan.total - length)
    if gone <= 0 or length == 0:
        return 1.0
    share = min(gone / length, 1.0)
    left = {"1-sqrt": 1 - math.sqrt(share), "linear": 1 - share, "cosine": (1 + math.cos(math.pi * share)) / 2}
    return floored(left[options.shape], options.min_ratio)


def check(options: Options, plan: Plan) -> list[Trouble]:
    """Warm-up and decay must fit into the run."""
    length = options.decay.steps(plan.total, plan.per_epoch)
    if length + plan.warmup > plan.total:
        told = f"a decay of {length} steps and a warm-up of {plan.warmup} don't fit into {plan.total}"
        return [("decay", told, "shorten it: `decay: 20%`")]
    return []
