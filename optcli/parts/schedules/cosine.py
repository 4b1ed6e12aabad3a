"""Half a cosine from the peak to the floor: slow, fast, slow.

The most used decay of deep learning; stays high for longer than `linear` and ends more gently.

Source: Loshchilov & Hutter 2016, "SGDR", arXiv 1608.03983 (one period, no restart).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optcli.parts.schedules import Plan, floored
from optcli.units import STRICT, Duration, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    min_ratio: Share = 0.0
    """Floor at the end, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """From 1 at the end of the warm-up to `min_ratio` after the last step."""
    return floored((1 + math.cos(math.pi * plan.progress(step))) / 2, options.min_ratio)
