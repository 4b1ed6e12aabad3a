"""A straight decay from the peak to the floor at the end of the run.

A safe default: for a run of fixed length, linear to zero does as well as cosine or better, and needs no shape.

Source: Bergsma et al. 2025, "Straight to Zero", arXiv 2502.15938.
"""

from __future__ import annotations

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
    return floored(1 - plan.progress(step), options.min_ratio)
