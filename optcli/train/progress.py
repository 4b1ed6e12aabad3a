"""What the user sees while a training runs: one calm line on a terminal, plain lines elsewhere. All on stderr."""

from __future__ import annotations

import math
import sys
import time
from typing import Final, TextIO

from optcli.diagnosis.diagnosis import Finding
from optcli.show import clean, finding
from optcli.show.screen import Screen
from optcli.train.position import Position
from optcli.train.probes import Row

REDRAW: Final = 0.1
"""Seconds between two versions of the line on a terminal."""
SPEAK: Final = 10.0
"""Seconds between two plain lines, evaluations aside."""


class Progress:
    """Tells how far the run is.

    Args:
        total: optimizer steps of the whole run.
        samples: samples of a step, for the speed.
    """

    def __init__(self, total: int, samples: int, stream: TextIO | None = None) -> None:
        self._total, self._samples = total, samples
        self._stream = stream or sys.stderr
        self._screen = Screen.of(self._stream)
        self._wait = REDRAW if self._screen.terminal else SPEAK
        self._shown = time.monotonic()
        self._since: tuple[int, float] | None = None
        self._speed = 0.0
        self._drawn = False

    def step(self, position: Position, row: Row, base_lr: float) -> None:
        """A window was read; `row` is its last."""
        now = time.monotonic()
        if self._since is not None and row.at > self._since[1] and row.step > self._since[0]:
            speed = (row.step - self._since[0]) / (row.at - self._since[1])
            self._speed = speed if not self._speed else 0.7 * self._speed + 0.3 * speed
        self._since = row.step, row.at
        if now - self._shown >= self._wait:
            self._shown = now
            self._put(self._line(position, row.step, row.loss, base_lr * row.factor), lasting=False)

    def evaluation(self, position: Position, values: dict[str, float], improved: bool) -> None:
        """An evaluation was done."""
        told = "  ".join(f"{name} {number(value)}" for name, value in values.items())
        mark = "  (best)" if improved else ""
        loss = "" if position.loss is None else f"  loss {number(position.loss)}"
        line = f"step {position.step}/{self._total}{loss}  {told}{mark}"
        self._put("\n".join(self._screen.lines(line)), lasting=True)
        self._since, self._shown = None, time.monotonic()

    def finding(self, found: Finding) -> None:
        """The live diagnosis found something."""
        self._put("\n".join(finding.told(found, self._screen)), lasting=True)

    def note(self, message: str) -> None:
        """Something the user should know of."""
        self._put("\n".join(self._screen.lines(clean.line(message, 2000))), lasting=True)

    def close(self) -> None:
        """The run has ended: leave a clean line behind."""
        self._clear()

    def _line(self, position: Position, step: int, loss: float, lr: float) -> str:
        parts = [f"step {step}/{self._total}", f"loss {number(loss)}"]
        if position.best:
            parts.append(f"{position.best['metric']} {number(position.last[position.best['metric']])}")
        parts.append(f"lr {lr:.3g}")
        if self._speed:
            left = (self._total - step) / self._speed
            parts += [f"{self._speed * self._samples:,.0f} samples/s", f"{clock(left)} left"]
        return "  ".join(parts)

    def _put(self, text: str, lasting: bool) -> None:
        if not self._screen.terminal:
            print(text, file=self._stream, flush=True)
            return
        self._clear()
        if lasting:
            print(text, file=self._stream, flush=True)
        else:
            self._stream.write(text[: self._screen.width - 1])
            self._stream.flush()
            self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False


def number(value: float) -> str:
    """Four significant digits; NaN and infinities as such."""
    return f"{value:.4g}" if math.isfinite(value) else str(value)


def clock(seconds: float) -> str:
    """`8 s`, `3:05`, `2:03:05`."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
