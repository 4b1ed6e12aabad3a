"""Which curves share a panel of the page, and the data that zooming needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optcli.run.curve import Curve, Floats
from optcli.show import clean, svg, words
from optcli.show.chart import Mark
from optcli.show.decimate import decimate
from optcli.show.report import Report

MOST: Final = 12
"""Panels of one run; curves with findings always have one."""
POINTS: Final = 5000
"""Points of a curve that zooming can show: a longer one keeps the extremes of every bucket."""
_AXES: Final = ("step", "epoch")
"""Curves that say nothing of their own."""
_GROUPS: Final = (("train/loss", "val/loss", "test/loss"), ("train/accuracy", "val/accuracy"))


@dataclass(frozen=True, eq=False)
class Panel:
    """Curves that share their axes."""

    curves: Mapping[str, Curve]
    marks: tuple[Mark, ...]
    points: int = POINTS

    @property
    def names(self) -> list[str]:
        """The curves' roles."""
        return list(self.curves)

    @property
    def log(self) -> bool:
        """Whether the value axis is logarithmic."""
        return svg.scale_of([*self.curves.values()]).log

    def svg(self) -> str:
        """The drawing."""
        return svg.draw([*self.curves.values()], self.marks, " and ".join(self.names))

    def data(self) -> str:
        """JSON for the script: `tables` of steps and values, `names`, `log`, `bands` of first, last, severity, code."""
        told = {
            "names": [clean.plain_unicode(name, clean.LIMIT) for name in self.names],
            "tables": [_table(curve, self.points) for curve in self.curves.values()],
            "log": self.log,
            "bands": [[_short(m.first), _short(m.last), m.style, m.label] for m in self.marks],
        }
        return json.dumps(told, separators=(",", ":"), allow_nan=False)


def of(report: Report, points: int = POINTS) -> tuple[list[Panel], list[Panel], int]:
    """Panels to show first (with findings; where there are none, the losses), the other panels, and the number of
    curves left out. `points` is how many of a curve zooming can show."""
    curves = {name: c for name, c in (report.run.curves if report.run else {}).items() if np.isfinite(c.value).any()}
    groups: list[list[str]] = [[name for name in group if name in curves] for group in _GROUPS]
    grouped = {*_AXES, *(name for group in groups for name in group)}
    groups += [[name] for name in curves if name not in grouped]
    panels = [_panel(report, {name: curves[name] for name in group}, points) for group in groups if group]
    first = [panel for panel in panels if panel.marks] or panels[: bool(groups[0])]
    rest = [panel for panel in panels if panel not in first]
    room = max(MOST - len(first), 0)
    return first, rest[:room], sum(len(panel.curves) for panel in rest[room:])


def _panel(report: Report, curves: Mapping[str, Curve], points: int) -> Panel:
    names = {*curves, *(curve.name for curve in curves.values())}
    found = [f for f in words.ordered(report.diagnosis) if f.curve in names]
    return Panel(curves, tuple(Mark(clean.line(f.code), f.first, f.last, f.severity) for f in found), points)


def _table(curve: Curve, points: int) -> list[Any]:
    """Steps and values, short; evenly spaced steps are just their first and their gap."""
    kept = decimate(curve, points // 2)
    return [_steps(kept.step), [_short(v) for v in kept.value]]


def _steps(step: Floats) -> dict[str, Any] | list[Any]:
    gaps = np.diff(step)
    if len(gaps) and np.all(gaps == gaps[0]):
        return {"first": _short(step[0]), "gap": _short(gaps[0])}
    return [_short(at) for at in step]


def _short(value: float) -> float | int | None:
    """Five significant digits; whole numbers stay exact."""
    if not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(f"{value:.5g}")
