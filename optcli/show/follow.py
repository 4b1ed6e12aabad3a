"""News of a log that still grows: every finding once, whatever happens to the file meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from optcli.diagnosis.rules.sys607_stall import SECONDS, TIMES
from optcli.exits import Exit
from optcli.run.block import Unreadable
from optcli.show import clean, finding, words
from optcli.show.report import Report

RECENT: Final = 50
"""Changes of the log whose distances are the usual one."""
Stamp = tuple[tuple[str, int, int, int], ...]


class Follower:
    """What is new at `path` each time one asks; `look` reads and diagnoses it as it is now.

    There is a look only when the log has changed. Every format can be followed so, and a file that was cut off,
    replaced or is half written gives no false news, since findings depend on the points alone.
    """

    def __init__(self, path: str, look: Callable[[], list[Report]]) -> None:
        self.path, self._look = path, look
        self.reports: list[Report] = []
        """What was seen at the last look that saw something."""
        self._said: set[tuple[str, str, str]] = set()
        self.stamp: Stamp | None = None
        """What the files were like at the last look; another one each time the log has grown."""
        self._reason = ""

    def news(self) -> Iterator[str]:
        """Lines to print now: findings that were not said before, each with what to try."""
        stamp = stamp_of(self.path)
        if stamp == self.stamp:
            return
        if _began_anew(self.stamp or (), stamp):
            self._said.clear()
            yield f"{clean.line(self.path)}: the log began anew"
        self.stamp = stamp
        if not self._there():
            return
        try:
            self.reports = self._look()
        except Unreadable as error:
            self._reason = error.reason
            return
        for report in self.reports:
            yield from self._new(report)

    def _new(self, report: Report) -> Iterator[str]:
        source = report.diagnosis.source
        for found in words.ordered(report.diagnosis):
            key = (source, found.code, found.curve)
            if key in self._said:
                continue
            self._said.add(key)
            yield finding.line(found, source)
            cause = next((c for c in report.diagnosis.causes if found.code in c.because), None)
            if cause is not None and found.severity != "info":
                todo = finding.prescription(cause)[0]
                yield f"{clean.line(source, 4096)}:   {words.title(cause.name)}: {todo}"

    def _there(self) -> bool:
        return bool(self.stamp) or os.path.isdir(self.path)

    @property
    def ended(self) -> bool:
        """Whether every run seen says of itself that it has ended."""
        runs = [report.run for report in self.reports]
        return bool(runs) and all(run is not None and run.end in ("finished", "stopped") for run in runs)

    def farewell(self) -> list[str]:
        """A verdict for each run."""
        return [finding.verdict(report.diagnosis, report.diagnosis.source) for report in self.reports]

    def nothing(self) -> tuple[Exit, str, str]:
        """Exit code, message and help for a path that never gave a curve."""
        if self._there():
            return Exit.NOTHING_TO_READ, f"{self.path}: {self._reason}", ""
        return Exit.USAGE, f"{self.path}: no such file or directory", "--wait says how long to wait for it"


class Silence:
    """Says so, once, when a log that used to grow has been still for far longer than usual."""

    def __init__(self, path: str) -> None:
        self._path, self._stamp = path, Stamp()
        self._changes: deque[float] = deque(maxlen=RECENT)
        self._said = False

    def look(self, stamp: Stamp, now: float) -> str:
        """The line to print at `now` seconds, or nothing."""
        if stamp != self._stamp:
            self._stamp, self._said = stamp, False
            self._changes.append(now)
            return ""
        apart = [after - before for before, after in pairwise(self._changes)]
        if self._said or not apart or now - self._changes[-1] < max(TIMES * median(apart), SECONDS):
            return ""
        self._said = True
        minutes = (now - self._changes[-1]) / 60
        return (
            f"{clean.line(self._path)}: SYS607 nothing new for {minutes:.0f} minutes; usual are {median(apart):.3g} s"
        )


def stamp_of(path: str) -> Stamp:
    """Name, inode, size and time of change of the file, or of all files below the directory; () if there is none."""
    if os.path.isdir(path):
        files = sorted(Path(base, name) for base, _, names in os.walk(path) for name in names)
    else:
        files = [Path(path)]
    found = []
    for file in files:
        try:
            seen = file.stat()
        except (OSError, ValueError):  # ValueError: no file system can have such a name
            continue
        found.append((str(file), seen.st_ino, seen.st_size, seen.st_mtime_ns))
    return tuple(found)


def _began_anew(before: Stamp, now: Stamp) -> bool:
    """Whether a single file was cut off or replaced."""
    if len(before) != 1 or len(now) != 1:
        return False
    (_, old, size, _), (_, new, smaller, _) = before[0], now[0]
    return old != new or smaller < size
