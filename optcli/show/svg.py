"""Curves as SVG: readable without scripts, small (a spike is never dropped), coloured by the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

import numpy as np

from optcli.run.curve import Curve, Floats
from optcli.show import clean, words
from optcli.show.chart import Mark, wants_log
from optcli.show.decimate import decimate

WIDTH, HEIGHT = 760, 230
LEFT, RIGHT, BOTTOM = 62, 14, 26
ROW: Final = 13
"""Height of a row of labels above the plot."""
BUCKETS: Final = 400
"""Points drawn are at most twice as many: about one a pixel."""


@dataclass(frozen=True)
class Scale:
    """From data to pixels: `x` linear in steps, `y` linear or logarithmic."""

    x: tuple[float, float]
    y: tuple[float, float]
    log: bool
    top: float = 10.0

    def across(self, step: float) -> float:
        """Pixels from the left."""
        return LEFT + (min(max(step, self.x[0]), self.x[1]) - self.x[0]) / (self.x[1] - self.x[0]) * (
            WIDTH - LEFT - RIGHT
        )

    def down(self, value: float) -> float:
        """Pixels from the top."""
        low, high = map(self._warp, self.y)
        return HEIGHT - BOTTOM - (self._warp(value) - low) / (high - low) * (HEIGHT - self.top - BOTTOM)

    def _warp(self, value: float) -> float:
        return math.log10(value) if self.log else value


def scale_of(curves: Sequence[Curve]) -> Scale:
    """Axes that hold all finite values of the curves, with a little air."""
    values = np.concatenate([curve.value[np.isfinite(curve.value)] for curve in curves])
    steps = [float(at) for curve in curves for at in (curve.step[0], curve.step[-1])]
    log = wants_log(values)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if log:
        return Scale((min(steps), _apart(min(steps), max(steps))), (low / 1.1, high * 1.1), log)
    air = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return Scale((min(steps), _apart(min(steps), max(steps))), (low - air, high + air), log)


def _apart(first: float, last: float) -> float:
    return last if last > first else first + 1.0


def draw(curves: Sequence[Curve], marks: Sequence[Mark], title: str) -> str:
    """An `<svg>` element with axes, bands for the marks, and a line for each curve."""
    scale = scale_of(curves)
    rows = _rows(marks, scale)
    scale = replace(scale, top=10.0 + ROW * (1 + max(rows, default=-1)))
    parts = [
        *_bands(marks, rows, scale),
        *_axes(scale),
        *(line for number, curve in enumerate(curves) for line in _line(curve, scale, number)),
    ]
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(clean.line(title))}">'
    return "\n".join([head, *parts, "</svg>"])


def _line(curve: Curve, scale: Scale, number: int) -> Iterator[str]:
    """The curve as paths that break at non-finite values, which are marked at the top."""
    points = decimate(curve, BUCKETS)
    whole = np.isfinite(points.value) & ((points.value > 0) | (not scale.log))
    cuts = np.flatnonzero(np.diff(whole.astype(int))) + 1
    pieces = [p for p in np.split(np.arange(len(points)), cuts) if whole[p].all() and len(p)]
    shape = "".join(_piece(points.step[p], points.value[p], scale) for p in pieces)
    yield f'<path class="line c{number}" d="{shape}"/>'
    if len(points) <= 60:
        yield from (
            f'<circle class="dot c{number}" cx="{scale.across(x):.1f}" cy="{scale.down(y):.1f}" r="2.5"/>'
            for x, y in zip(points.step[whole], points.value[whole], strict=True)
        )
    bad = sorted({round(scale.across(x)) for x in points.step[~np.isfinite(points.value)]})
    yield from (f'<text class="bad" x="{x}" y="{scale.top + 9:.0f}">×</text>' for x in bad)


def _piece(step: Floats, value: Floats, scale: Scale) -> str:
    places = [f"{scale.across(x):.1f} {scale.down(y):.1f}" for x, y in zip(step, value, strict=True)]
    return f"M{'L'.join(places)}" + ("h.1" if len(places) == 1 else "")


def _label(mark: Mark, scale: Scale) -> tuple[float, str]:
    """Where a mark's label is anchored: at its start, or at its end where the room to the right is short."""
    left, right = scale.across(mark.first), scale.across(mark.last)
    return (left, "start") if left < WIDTH * 0.75 else (max(right, left + 3), "end")


def _rows(marks: Sequence[Mark], scale: Scale) -> list[int]:
    """For each mark the row of its label, 0 nearest to the plot, so that no two overlap."""
    taken: list[list[tuple[float, float]]] = []
    rows = []
    for mark in marks:
        at, anchor = _label(mark, scale)
        wide = 7.0 * len(mark.label) + 8
        span = (at, at + wide) if anchor == "start" else (at - wide, at)
        free = (n for n, row in enumerate(taken) if all(span[1] < a or b < span[0] for a, b in row))
        row = next(free, len(taken))
        taken += [[]] if row == len(taken) else []
        taken[row].append(span)
        rows.append(row)
    return rows


def _bands(marks: Sequence[Mark], rows: Sequence[int], scale: Scale) -> Iterator[str]:
    high = HEIGHT - scale.top - BOTTOM
    for row, mark in zip(rows, marks, strict=True):
        left, right = scale.across(mark.first), scale.across(mark.last)
        box = f'x="{left:.1f}" y="{scale.top:.0f}" width="{max(right - left, 3.0):.1f}" height="{high:.0f}"'
        at, anchor = _label(mark, scale)
        place = f'x="{at:.1f}" y="{scale.top - 4 - ROW * row:.0f}" text-anchor="{anchor}"'
        yield f'<rect class="band {mark.style}" {box}/>'
        yield f'<text class="tag {mark.style}" {place}>{escape(mark.label)}</text>'


def _axes(scale: Scale) -> Iterator[str]:
    values = log_ticks(*scale.y) if scale.log else ticks(*scale.y)
    for value, name in zip(values, words.numbers(values), strict=True):
        at = scale.down(value)
        yield f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text class="tick" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{name}</text>'
    for step in ticks(*scale.x, 6):
        x = scale.across(step)
        place = f'x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{"end" if x > WIDTH - 3 * RIGHT else "middle"}"'
        yield f'<text class="tick" {place}>{words.step(step)}</text>'


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values between `low` and `high`, 1, 2 or 5 times a power of ten apart, at most `most` + 1."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    gap = next(power * times for times in (1, 2, 5, 10) if power * times >= raw * (1 - 1e-9))
    return [round(n * gap, 12) for n in range(math.ceil(low / gap), math.floor(high / gap) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two positive values; with 2 and 5 times them where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    few = high / low <= 1000
    every = max(1, (last - first) // 6)
    values = [times * 10.0**power for power in range(first, last + 1, every) for times in ((1, 2, 5) if few else (1,))]
    return [value for value in values if low <= value <= high]
