"""Curves as SVG: readable without scripts, small (a spike is never dropped), coloured by the page's style sheet.

Across, everything is placed in percent, so that a drawing fills any width while its letters keep their size; down, in
pixels. The style sheet gives it margins for the labels, into which it reaches out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from optcli.run.curve import Curve, Floats
from optcli.show import clean, words
from optcli.show.chart import Mark, wants_log
from optcli.show.decimate import decimate

HIGH: Final = 190
"""Height of the plot in pixels, without what stands above and below it."""
BOTTOM: Final = 24
ROW: Final = 17
"""Height of a row of marks above the plot."""
BUCKETS: Final = 400
"""Points drawn are at most twice as many: about one a pixel."""
_ACROSS: Final = 1000
"""Width of the lines' own coordinates, which are stretched to that of the drawing."""
_LETTER: Final = 7.0 / 280 * 100
"""Percent of the width that a letter takes at most: on the screen of a telephone."""


@dataclass(frozen=True)
class Scale:
    """From data to places: `x` linear in steps, `y` linear or logarithmic."""

    x: tuple[float, float]
    y: tuple[float, float]
    log: bool

    def across(self, step: float) -> float:
        """Percent from the left."""
        return 100 * (min(max(step, self.x[0]), self.x[1]) - self.x[0]) / (self.x[1] - self.x[0])

    def down(self, value: float) -> float:
        """Pixels from the top of the plot."""
        low, high = map(self._warp, self.y)
        return HIGH - (self._warp(value) - low) / (high - low) * HIGH

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
    """An `<svg>` element with axes, the marks as bars above the plot and bands in it, and a line for each curve."""
    scale = scale_of(curves)
    rows = _rows(marks, scale)
    top = 6 + ROW * (1 + max(rows, default=-1))
    parts = [
        *_marks(marks, rows, scale, top),
        *_axes(scale, top),
        *(line for number, curve in enumerate(curves) for line in _line(curve, scale, number, top)),
    ]
    head = f'<svg class="chart" height="{top + HIGH + BOTTOM}" role="img" aria-label="{escape(clean.line(title))}">'
    return "\n".join([head, f"<desc>{escape(_told(curves, marks, scale))}</desc>", *parts, "</svg>"])


def _told(curves: Sequence[Curve], marks: Sequence[Mark], scale: Scale) -> str:
    """What the drawing shows, for those who hear it."""
    told = [f"Steps {words.step(scale.x[0])} to {words.step(scale.x[1])}{', log scale' if scale.log else ''}."]
    for curve in curves:
        finite = curve.value[np.isfinite(curve.value)]
        first, last, low, high = map(words.number, map(float, (finite[0], finite[-1], finite.min(), finite.max())))
        told.append(f"{clean.line(curve.name)} goes from {first} to {last}, between {low} and {high}.")
    told += [f"{m.style} {m.label}: steps {words.step(m.first)} to {words.step(m.last)}." for m in marks]
    return " ".join(told)


def _line(curve: Curve, scale: Scale, number: int, top: float) -> Iterator[str]:
    """The curve as a path that breaks at non-finite values, which are marked at the top."""
    points = decimate(curve, BUCKETS)
    whole = np.isfinite(points.value) & ((points.value > 0) | (not scale.log))
    cuts = np.flatnonzero(np.diff(whole.astype(int))) + 1
    pieces = [p for p in np.split(np.arange(len(points)), cuts) if whole[p].all() and len(p)]
    shape = "".join(_piece(points.step[p], points.value[p], scale) for p in pieces)
    box = f'y="{top}" width="100%" height="{HIGH}" viewBox="0 0 {_ACROSS} {HIGH}" preserveAspectRatio="none"'
    yield f'<svg {box}><path class="line c{number}" d="{shape}"/></svg>'
    if len(points) <= 60:
        yield from (
            f'<circle class="dot c{number}" cx="{scale.across(x):.2f}%" cy="{top + scale.down(y):.1f}" r="2.5"/>'
            for x, y in zip(points.step[whole], points.value[whole], strict=True)
        )
    bad = sorted({f"{scale.across(x):.1f}" for x in points.step[~np.isfinite(points.value)]}, key=float)
    yield from (f'<text class="bad" x="{x}%" y="{top + 9}">×</text>' for x in bad)


def _piece(step: Floats, value: Floats, scale: Scale) -> str:
    wide = _ACROSS / 100
    places = [f"{wide * scale.across(x):.1f} {scale.down(y):.1f}" for x, y in zip(step, value, strict=True)]
    return f"M{'L'.join(places)}" + ("h.1" if len(places) == 1 else "")


def _label(mark: Mark, scale: Scale) -> tuple[float, str]:
    """Where a mark's label is anchored: at its start, or at its end where the room to the right is short."""
    left, right = scale.across(mark.first), scale.across(mark.last)
    return (left, "start") if left + _LETTER * len(mark.label) < 100 else (right, "end")


def _rows(marks: Sequence[Mark], scale: Scale) -> list[int]:
    """For each mark the row of its bar and label, 0 nearest to the plot, so that no two overlap."""
    taken: list[list[tuple[float, float]]] = []
    rows = []
    for mark in marks:
        at, anchor = _label(mark, scale)
        wide = _LETTER * (len(mark.label) + 1)
        left, right = (at, at + wide) if anchor == "start" else (at - wide, at)
        span = min(left, scale.across(mark.first)), max(right, scale.across(mark.last))
        free = (n for n, row in enumerate(taken) if all(span[1] < a or b < span[0] for a, b in row))
        row = next(free, len(taken))
        taken += [[]] if row == len(taken) else []
        taken[row].append(span)
        rows.append(row)
    return rows


def _marks(marks: Sequence[Mark], rows: Sequence[int], scale: Scale, top: float) -> Iterator[str]:
    for row, mark in zip(rows, marks, strict=True):
        left, right = scale.across(mark.first), scale.across(mark.last)
        box = f'x="{left:.2f}%" width="{max(right - left, 0.4):.2f}%"'
        at, anchor = _label(mark, scale)
        y = top - ROW * (row + 1)
        place = f'x="{at:.2f}%" dx="{4 if anchor == "start" else -4}" y="{y + 11}" text-anchor="{anchor}"'
        yield f'<rect class="band {mark.style}" {box} y="{top}" height="{HIGH}"/>'
        yield f'<rect class="bar {mark.style}" {box} y="{y}" height="{ROW - 3}"/>'
        yield f'<text class="tag {mark.style}" {place}>{escape(mark.label)}</text>'


def _axes(scale: Scale, top: float) -> Iterator[str]:
    values = log_ticks(*scale.y) if scale.log else ticks(*scale.y)
    for value, name in zip(values, words.numbers(values), strict=True):
        at = top + scale.down(value)
        yield f'<line class="grid" x2="100%" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text class="tick" x="-8" y="{at + 4:.1f}" text-anchor="end">{name}</text>'
    for number, step in enumerate(ticks(*scale.x, 6)):
        x = scale.across(step)
        place = f'x="{x:.2f}%" y="{top + HIGH + 17}" text-anchor="{"end" if x > 95 else "middle"}"'
        yield f'<text class="tick{" odd" if number % 2 else ""}" {place}>{words.step(step)}</text>'


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
