"""doc"""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.diagnosis import Abstain, Finding
from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series
from optcli.run.stats import deviation, median, noise, running_median

SEVERITY: Final = "warning"
STATUS: Final = "stable"
NEEDS: Final = (LOSS,)
POINTS: Final = 10

WINDOW: Final = 11
"""Points before the spike that tell the level it rose from."""
SIGMAS: Final = 10.0
"""Height in noise levels: twice what heavy-tailed batches reach."""
SHARE: Final = 0.15
"""Height as a share of what had been gained by then."""
BUMPS: Final = 8.0
"""Height over the highest bump of the last `MEMORY` points: noise with heavy tails makes bumps of its own."""
BUMPS_HIGH: Final = 4.0
SHARE_HIGH: Final = 0.5
"""For a leap of half of all that was gained, half of that will do."""
MEMORY: Final = 100
CANDIDATES: Final = 12
"""Largest upward steps that are looked at closely."""


def check(view: View) -> list[Finding] | Abstain:
    """Points far above the level just before them."""
    loss = view.loss
    if loss.n < POINTS:
        return Abstain("too few finite points")
    rises = np.diff(loss.value)
    places = np.sort(np.argpartition(-rises, min(CANDIDATES, len(rises) - 1))[:CANDIDATES]) + 1
    spikes = [(int(at), *_height(loss, int(at))) for at in places if at >= 6 and rises[at - 1] > 0]
    spikes = [s for s in spikes if _is_spike(*s[1:]) and not _restart(view, float(loss.step[s[0]]))]
    if not spikes:
        return []
    at, sigmas, share, _ = spikes[0]
    step = float(loss.step[at])
    recovered = bool((loss.value[at + 1 :] <= median(loss.value[max(0, at - WINDOW) : at]) + 2 * loss.sigma).any())
    return [
        view.finding(
            __name__, SEVERITY, loss.name, step, 0.6 + 0.3 * min(1.0, sigmas / (3 * SIGMAS)),
            f"{loss.name} leaps to {loss.value[at]:.4g} at step {step:g}, {sigmas:.0f} noise levels above the points before",
            height=(sigmas, "sigma"), share=(share, "of the drop"), spikes=(len(spikes), "1"),
            recovered=(float(recovered), "1"), lr_ratio=(view.lr_change(step, max(1.0, view.at / 20)), "1"),
        )
    ]  # fmt: skip


def _is_spike(sigmas: float, share: float, bumps: float) -> bool:
    return sigmas > SIGMAS and share > SHARE and bumps > (BUMPS_HIGH if share > SHARE_HIGH else BUMPS)


def _height(loss: Series, at: int) -> tuple[float, float, float]:
    """How far the point stands above those before: in noise levels, as a share of the gain so far, over past bumps."""
    past, memory = loss.value[max(0, at - WINDOW) : at], loss.value[max(0, at - MEMORY) : at]
    level = median(past)
    spread = max(deviation(past), noise(memory[-40:]), loss.grain, 1e-4 * abs(level))
    gained = max(loss.start - float(past.min()), 0.1 * abs(loss.start), loss.grain)
    rise = float(loss.value[at]) - level
    bump = float((memory - running_median(memory, WINDOW)).max()) if len(memory) > WINDOW else spread
    return rise / spread, rise / gained, rise / max(bump, loss.grain)


def _restart(view: View, step: float) -> bool:
    """A schedule that goes back up to a rate it had before: a rise is part of the plan."""
    lr = view.series("lr")
    if lr is None or lr.n < 3:
        return False
    near = max(1.0, view.at / 20)
    ratio = view.lr_change(step, near)
    before = lr.value[lr.step < step - near]
    return ratio > 1.5 and len(before) > 0 and lr.at(step) <= 1.01 * float(before.max())
