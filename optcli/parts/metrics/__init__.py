"""Metrics: numbers that are told on validation data.

A module has `Options`, `TASKS` (those it makes sense for), `HIGHER_IS_BETTER`, `WIDTH`, `update(output, target)`: a
batch's float64 sums as a tensor (WIDTH,) on the device, with no wait for it; and `compute(sums)`: the metric from the
sums over all batches. Shares are fractions, not percent.
"""

from __future__ import annotations

from typing import Literal

RENAMED: dict[str, str] = {}


def role(metric: str) -> str:
    """Name of the validation curve of `metric`, which may be `loss` or a metric's name: `val/loss`."""
    return metric if "/" in metric else f"val/{metric}"


def sign(metric: str, mode: Literal["auto", "min", "max"] = "auto") -> int:
    """1 if lower is better, -1 if higher is: `sign * value` is a cost. `metric` is `loss` or a metric's name.

    Raises:
        UnknownPart: with mode `auto`, there is no metric of that name.
    """
    from optcli.parts import find

    name = metric.rpartition("/")[2]
    if mode == "auto":
        return -1 if name != "loss" and find("metric", name).HIGHER_IS_BETTER else 1
    return {"min": 1, "max": -1}[mode]
