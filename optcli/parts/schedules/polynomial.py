"""A decay along a power of the time that is left: straight for 1, ever gentler at the end for more.

Source: as torch.optim.lr_scheduler.PolynomialLR; power 0.9 as in Chen et al. 2016 (DeepLab), arXiv 1606.00915.
"""

from __future__ import annotations

from dataclasses import dataclass

from optcli.parts.schedules import Plan, floored
from optcli.units import STRICT, Duration, Positive, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""
    power: Positive = 2.0
    """Exponent."""
    min_ratio: Share = 0.0
    """Floor at the end, as a share of the peak."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """From 1 at the end of the warm-up to `min_ratio` after the last step."""
    return floored((1 - plan.progress(step)) ** options.power, options.min_ratio)
