"""What is new in a line of a progress bar, which shows its last values again whenever it is drawn.

Lightning draws a bar twice a step, first with the values of the step before, and goes on showing the last validation
until the next one. Drawn again, a value is no second measurement.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from optcli.run.roles import meaning, split_in, words
from optcli.run.text import Row

_ELSEWHERE: Final = re.compile(r"\W{0,4}(?:val|valid|validat\w+|eval|evaluat\w+|test\w*|sanity)\b[^|%\d]{0,40}", re.I)
"""`Validation DataLoader 0: 100%|###| 3/3`: a bar of its own, between two states of the training's."""
SURE: Final = 3
"""How far what is learned of a bar goes, so that a few lines against it change its mind."""


class Bars:
    """The values that were shown last, and how often the bar is drawn."""

    def __init__(self) -> None:
        self._clock: tuple[float | None, float] | None = None
        self._lines = 0
        """How often the bar was drawn at this step."""
        self._twice = 0
        """Above 0 where most steps are drawn more than once."""
        self._shown: Row = {}
        self._said: set[str] = set()
        """What has been said at this step."""
        self._quick: set[str] = set()
        """What began or changed before the end of an epoch."""
        self._kept = 0
        """Below 0 where validation stays while the training's values change."""
        self._inside = self._end = self._partly = self._now = self._validated = False

    def elsewhere(self, line: str) -> bool:
        """Whether the bar of a line is that of a validation: what it brings is new."""
        found = _ELSEWHERE.match(line) is not None
        self._validated |= found
        return found

    def at(self, epoch: float | None, step: float, total: str | None, found: Row) -> None:
        """The step at which the bar is drawn that shows these numbers.

        A line about the epoch, printed while the bar stands still, doesn't move it.
        """
        self._end = total is not None and step == float(total)
        self._inside = step > 0 and not self._end
        still = self._inside and self._clock is not None and step == self._clock[1] and not self.changed(found)
        if (epoch, step) != self._clock and not still:
            if self._clock is not None and self._clock[1]:
                self._twice = _learned(self._twice, self._lines > 1)
            self._clock, self._lines, self._said = (epoch, step), 0, set()
        self._lines, self._now = self._lines + 1, True
        self._partly |= self._inside

    def changed(self, found: Row) -> set[str]:
        """What isn't as it was shown last."""
        return {name for name, value in found.items() if not _same(self._shown.get(name), value)}

    def fresh(self, found: Row) -> Row:
        """What of the numbers of a line is no repetition; all of them, if it has no bar."""
        if not self._now:
            return found
        self._now = False
        changed = self.changed(found)
        if self._inside:
            self._quick |= changed
        held_out = {name for name in found if _held_out(name)}
        steps = found.keys() - held_out
        ends = self._of_epoch(steps)
        steps -= ends
        new = self._of_step(steps, changed)
        if steps & changed and held_out & self._shown.keys():
            self._kept = _learned(self._kept, bool(held_out & changed))
        if held_out & changed or self._validated or (self._kept >= 0 and any(map(_of_training, new))):
            new |= held_out
            self._validated &= not held_out
        if ends & changed:
            new |= ends
        new -= self._said - changed
        self._said |= new
        self._shown |= found
        return {name: value for name, value in found.items() if name in new}

    def _of_step(self, steps: set[str], changed: set[str]) -> set[str]:
        """What is said of the step itself, unless it is still what was said of the one before."""
        early = not (self._inside or self._end) or (self._lines == 1 and self._twice > 0)
        return set() if early and not steps & changed else steps

    def _of_epoch(self, names: set[str]) -> set[str]:
        """What is said of an epoch: it never changes within one, or says so beside something that does."""
        training = {name for name in names if _of_training(name)}
        called = {name for name in training if "epoch" in words(name)}
        return (training - self._quick if self._partly else set()) | (called if called < training else set())


def _learned(before: int, more: bool) -> int:
    return min(before + 1, SURE) if more else max(before - 1, -SURE)


def _same(before: float | None, value: float) -> bool:
    return before is not None and (before == value or (before != before and value != value))


@lru_cache(maxsize=4096)
def _held_out(name: str) -> bool:
    return split_in(name) in ("val", "test")


@lru_cache(maxsize=4096)
def _of_training(name: str) -> bool:
    found = meaning(name)
    return found is not None and found.role.startswith("train/")
