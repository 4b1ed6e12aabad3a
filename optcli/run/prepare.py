"""What every rule needs first: a curve's finite points, its blocks, its noise, its start, its schedule.

Quantities are computed when first asked for and kept. Levels are in the units of the values, `sigma` and `tau` are
noise levels of one point and of one block, positions are in points or blocks.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np

from optcli.run.curve import Curve, Floats
from optcli.run.stats import block_medians, median, noise, slope

BLOCKS: Final = 48
"""Most blocks that a curve is cut into: enough for the shape, few enough to look at on every rung."""
START_POINTS: Final = 5
"""At most so many points, and at most a twentieth of the curve, make its start level."""
LATE: Final = 2.5
"""Strides from one point to the next at which the first one may be, in a log from the beginning."""
ZEROS: Final = 5
"""Zeros at the start of a loss that may stand for nothing measured: a loss of 0 is where a run ends, not begins."""
LONE: Final = 10.0
LONE_POINTS: Final = 8
"""Times the second value that the first one may be, in a curve of so many points, and still be where it starts."""
GRAIN: Final = 1e-7
"""Relative size of rounding in a logged number (float32): no noise level is taken to be lower."""
UNMEASURED: Final = ("val/loss", "test/loss")
SETTLED: Final = 0.9
"""Share of the fall after which a curve counts as settled: the rest may be the last decades of an exponential."""
SAME: Final = 1e-9
"""Relative difference up to which two numbers are the same number."""
STAIR: Final = 2
"""Times as long as any level before it that a level of a warm-up in stairs may be held."""
PERCENT: Final = 1.5
"""An accuracy above it is in percent."""
TINY: Final = 1e-30
"""So that nothing is divided by 0 on a curve of zeros."""


class Series:
    """The finite points of a curve: `step` and `value` of shape (n,)."""

    def __init__(self, name: str, step: Floats, value: Floats) -> None:
        self.name, self.step, self.value = name, step, value
        self.n = len(value)

    @classmethod
    def of(cls, curve: Curve) -> Series:
        """The series of a curve; the zeros that a loss begins with, before anything was measured, are no part of it.

        A validation loss of nothing but zeros was never measured.
        """
        kept = curve.finite()
        begun = _zeros(kept.value) if kept.name.endswith("/loss") else 0
        if kept.name in UNMEASURED and not kept.value.any():
            begun = len(kept)
        return cls(kept.name, kept.step[begun:], kept.value[begun:])

    @cached_property
    def size(self) -> int:
        """Points in a block."""
        return max(1, -(-self.n // BLOCKS))

    @cached_property
    def blocks(self) -> Floats:
        """Block medians, at most `BLOCKS` of them, aligned to the end."""
        return block_medians(self.value, self.size)

    @cached_property
    def block_step(self) -> Floats:
        """The last step of each block."""
        return self.step[self.n - 1 - np.arange(len(self.blocks))[::-1] * self.size]

    @cached_property
    def grain(self) -> float:
        """The least noise level that can be told from rounding."""
        return max(GRAIN * float(np.abs(self.blocks).max()) if self.n else 0.0, TINY)

    @cached_property
    def sigma(self) -> float:
        """Noise level of a point over the later half, where it matters."""
        return max(noise(self.value[self.n // 2 :] if self.n >= 16 else self.value), self.grain)

    @cached_property
    def tau(self) -> float:
        """Noise level of a block, measured on blocks: slow wandering counts, as it does in a smoothed log."""
        blocks = self.blocks
        return max(noise(blocks[len(blocks) // 3 :] if len(blocks) >= 12 else blocks), self.grain)

    @cached_property
    def start(self) -> float:
        """Level at the start. A first value far below the next ones counts alone: the run leapt up from it."""
        head = self.value[self._alone :][: max(1, min(START_POINTS, self.n // 20))]
        level, first = median(head), float(head[0])
        return first if first < level - 8 * self.sigma - 0.1 * abs(level) else level

    @cached_property
    def late(self) -> bool:
        """Whether it begins in the middle of a run, so that nobody knows where it began."""
        return self.n >= 3 and float(self.step[0]) > LATE * median(np.diff(self.step))

    @property
    def _alone(self) -> int:
        """1 where the first value stands so far above all others that it is no level, else 0."""
        if self.n < LONE_POINTS:
            return 0
        first, second = self.value[:2].tolist()
        return int(first > LONE * second > 0 and self.value.min() > 0)

    @cached_property
    def end(self) -> float:
        """Level at the end: the median of the last eighth of the blocks."""
        return median(self.blocks[-max(1, len(self.blocks) // 8) :])

    @cached_property
    def low(self) -> float:
        """The lowest level of a block."""
        return float(self.blocks.min())

    @cached_property
    def drop(self) -> float:
        """How far the level has fallen from the start to its lowest; at least the rounding."""
        return max(self.start - self.low, self.grain)

    def tail(self, share: float) -> Floats:
        """The last `share` of the blocks, at least 1."""
        return self.blocks[-max(1, round(len(self.blocks) * share)) :]

    def trend(self, share: float) -> tuple[float, float]:
        """Change over the last `share` of the blocks along a fitted line, and that change in standard errors.

        The error is the larger of the fit's own and what the noise of blocks implies.
        """
        tail = self.tail(share)
        n = len(tail)
        if n < 4:
            return 0.0, 0.0
        rise, error = slope(tail)
        floor = self.tau / (n * (n * n - 1) / 12) ** 0.5
        return rise * (n - 1), rise / max(error, floor)

    def settled(self, top: float) -> float:
        """Share of the blocks after which nine tenths of the fall from `top` to the end were done; 0 without a fall."""
        if self.n < 2 or self.end >= top:
            return 0.0
        return float(np.argmax(self.blocks <= top - SETTLED * (top - self.end))) / len(self.blocks)

    def at(self, step: float) -> float:
        """The last value at or before `step`; the first one where there is none."""
        return float(self.value[max(0, int(np.searchsorted(self.step, step, side="right")) - 1)])


def _zeros(value: Floats) -> int:
    """How many zeros, a few at most, stand before the first other value; 0 where there is none."""
    other = np.flatnonzero(value[: ZEROS + 1])
    return int(other[0]) if len(other) else 0


def whole(*accuracies: Series) -> float:
    """What stands for all samples in these accuracies: 100 where they are in percent, else 1."""
    return 100.0 if max(float(accuracy.value.max()) for accuracy in accuracies) > PERCENT else 1.0


def copied(one: Series, other: Series, least: int) -> bool:
    """Whether two series are the same number at every step that both have, and there are `least` such numbers."""
    at = np.minimum(np.searchsorted(other.step, one.step), other.n - 1)
    shared = other.step[at] == one.step
    here, there = one.value[shared], other.value[at][shared]
    return bool((np.abs(here - there) <= SAME * np.abs(there)).all()) and len(np.unique(here)) >= least


def warm_up_end(lr: Series | None) -> float | None:
    """The step at which a rising learning rate first stops rising; None without a warm-up, inf while it still rises.

    It may rise in stairs: what ends it is a fall, or a level that is held far longer than each one before.
    """
    if lr is None or lr.n < 3:
        return None
    first = np.append(0, np.flatnonzero(np.diff(lr.value)) + 1)
    held, up = np.diff(np.append(first, lr.n)), np.diff(lr.value[first]) > 0
    if not up[:1].any() or (held[0] > 1 and not (up[1:2].any() and held[0] <= STAIR * held[1])):
        return None
    tops = np.flatnonzero((held[1:] > STAIR * np.maximum.accumulate(held)[:-1]) | ~np.append(up[1:], True))
    return float(lr.step[first[1 + tops[0]]]) if len(tops) else float("inf")


def pace_by_clock(curve: Curve) -> Series | None:
    """Seconds a step between the points of a curve with a clock, at the later point; None without one.

    Where the clock stands still or runs backwards, as it does at a restart, there is no point.
    """
    if curve.time is None or len(curve) < 2:
        return None
    steps, seconds = np.diff(curve.step), np.diff(curve.time)
    forward = (seconds > 0) & np.isfinite(seconds)
    return Series(curve.name, curve.step[1:][forward], seconds[forward] / steps[forward])
