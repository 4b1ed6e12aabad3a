"""The same rate all along.

For schedule-free optimizers, short trials and as a baseline. A decay to zero at the end nearly always ends lower.
"""

from __future__ import annotations

from dataclasses import dataclass

from optcli.parts.schedules import Plan
from optcli.units import STRICT, Duration, Share


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """Always 1."""
    return 1.0
