"""A curve drawn with characters: braille dots where Unicode is shown, else `.`, `'` and `:`.

Every point counts: a column of dots spans the smallest to the largest value in it, so that a spike of one step is
seen in a run of a million. Non-finite values stand in a row of their own on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from optcli.run.curve import Curve, Floats
from optcli.show import words
from optcli.show.decimate import Bools, columns
from optcli.show.screen import Screen

MARGIN: Final = 10
"""Columns for the labels of the value axis."""
_LOG_FROM: Final = 10.0
"""Log axis where the largest value is so many times the median, or the median so many times the lowest tenth."""
_LOW: Final = 0.1
_HIGH, _FEW = 0.99, 3.0
"""Log axis also where the highest hundredth of the values would take two thirds of a linear one."""
_BRAILLE: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_SIGNS: Final = " '.:"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of steps that a finding is about; `style` is its severity."""

    label: str
    first: float
    last: float
    style: str


def wants_log(values: Floats) -> bool:
    """Whether a log axis shows these finite values better: all positive, and not just a few of them far off below."""
    if len(values) < 3 or values.min() <= 0:
        return False
    places = [int(share * (len(values) - 1)) for share in (0.0, _LOW, 0.5, _HIGH, 1.0)]
    least, low, middle, high, most = np.partition(values, places)[places].tolist()  # `quantile` loads numpy.ma
    return bool(most > _LOG_FROM * middle or middle > _LOG_FROM * low or most - least > _FEW * (high - least) > 0)


def draw(
    curve: Curve, screen: Screen, marks: Sequence[Mark] = (), height: int = 6, log: bool | None = None
) -> list[str]:
    """The curve in about `height + 3` lines of at most the screen's width, with its marks below.

    `log` says whether the value axis is logarithmic; None lets the values decide.
    """
    finite = curve.value[np.isfinite(curve.value)]
    if not len(finite):
        return [screen.fit(f"  {words.count(len(curve), 'value')}, none of them finite")]
    width = screen.width - MARGIN - 3
    log = wants_log(finite) if log is None else log
    tall, wide = (4, 2) if screen.unicode else (2, 1)
    with np.errstate(invalid="ignore"):  # a negative infinity on a log axis is but one more non-finite value
        values = np.log10(curve.value) if log else curve.value
    low, high, bad = columns(curve.step, values, width * wide)
    rows = _cells(_dots(low, high, height * tall), screen.unicode)
    top, bottom = words.numbers([float(finite.max()), float(finite.min())])
    names = [top, *[""] * (height - 2), bottom]
    lines = [_row(screen, name, _coloured(row, curve, marks, screen)) for name, row in zip(names, rows, strict=True)]
    if bad.any():
        stands = "".join(" x"[int(b)] for b in np.any(bad.reshape(width, wide), axis=1).tolist())
        lines.insert(0, _row(screen, "not finite", screen.paint(stands.rstrip(), "error")))
    return [*lines, *_axis(curve, width, log, screen), *(_bracket(mark, curve, width, screen) for mark in marks)]


def _dots(low: Floats, high: Floats, height: int) -> Bools:
    """A raster of shape (height, n): columns filled from their lowest to their highest value and joined."""
    bottom, top = np.nanmin(low), np.nanmax(high)
    scale = (height - 1) / (top - bottom) if top > bottom else 0.0
    first, last = (low - bottom) * scale, (high - bottom) * scale
    shown = ~np.isnan(first[1:])
    first[1:][shown], last[1:][shown] = (
        np.fmin(first[1:], last[:-1] + 1)[shown],
        np.fmax(last[1:], first[:-1] - 1)[shown],
    )
    level: Floats = np.arange(height - 1.0, -1.0, -1.0).reshape(-1, 1)
    return np.asarray((level >= np.round(first)) & (level <= np.round(last)))


def _cells(dots: Bools, unicode: bool) -> list[str]:
    """Rows of characters: 4 x 2 dots in a braille one, 2 x 1 in an ASCII one."""
    if unicode:
        grid = dots.reshape(dots.shape[0] // 4, 4, dots.shape[1] // 2, 2)
        codes = (grid * _BRAILLE[None, :, None, :]).sum(axis=(1, 3)).tolist()
        return ["".join(chr(0x2800 + code) if code else " " for code in row) for row in codes]
    pairs = dots.reshape(dots.shape[0] // 2, 2, dots.shape[1])
    return ["".join(_SIGNS[code] for code in row) for row in (pairs[:, 0] + 2 * pairs[:, 1]).tolist()]


def _row(screen: Screen, name: str, text: str) -> str:
    bar = "┤" if screen.unicode else "|"
    return f"{name:>{MARGIN}} {screen.paint(bar, 'dim')}{text}".rstrip()


def _place(step: float, curve: Curve, width: int) -> int:
    span = float(curve.step[-1] - curve.step[0]) or 1.0
    return min(max(int((step - curve.step[0]) / span * width), 0), width - 1)


def _coloured(row: str, curve: Curve, marks: Sequence[Mark], screen: Screen) -> str:
    """The stretch of the worst finding in its colour."""
    if not marks or not screen.colour:
        return row.rstrip()
    start, end = (_place(at, curve, len(row)) for at in (marks[0].first, marks[0].last))
    return row[:start] + screen.paint(row[start : end + 1], marks[0].style) + row[end + 1 :].rstrip()


def _axis(curve: Curve, width: int, log: bool, screen: Screen) -> list[str]:
    corner, bar = ("└", "─") if screen.unicode else ("+", "-")
    first, last = words.step(curve.step[0]), f"{words.step(curve.step[-1])} steps"
    label = f"{first}{'log scale' if log else '':^{max(width - len(first) - len(last), 0)}}{last}"
    space = " " * (MARGIN + 1)
    return [space + screen.paint(corner + bar * width, "dim"), f"{space} {screen.paint(label, 'dim')}"]


def _bracket(mark: Mark, curve: Curve, width: int, screen: Screen) -> str:
    """`├────┤ OPT101` under the stretch; the name goes to the side where there is room, else inside."""
    start, end = _place(mark.first, curve, width), _place(mark.last, curve, width)
    left, bar, right, one = "├─┤▲" if screen.unicode else "|-|^"
    line = one if start == end else left + bar * (end - start - 1) + right
    if end + 2 + len(mark.label) <= width:
        text = f"{' ' * start}{line} {mark.label}"
    elif len(mark.label) < start:
        text = f"{f'{mark.label} ':>{start}}{line}"
    else:
        text = f"{' ' * start}{left}{f' {mark.label} ':{bar}^{max(end - start - 1, 0)}}{right}"
    return " " * (MARGIN + 2) + screen.paint(text, mark.style)
