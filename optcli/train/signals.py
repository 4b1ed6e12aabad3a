"""Asked to stop: finish the step, save, and leave with the signal's status.

SIGTERM (schedulers), SIGUSR1 (Slurm's early warning) and SIGINT (Ctrl-C) only leave a note, which the loop reads at
step boundaries; a second SIGINT doesn't wait. Forked children (data loader workers) get the old handlers back.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, Final

WATCHED: Final = tuple(s for name in ("SIGINT", "SIGTERM", "SIGUSR1") if (s := getattr(signal, name, None)) is not None)


class Signals:
    """A context in which the watched signals are noted in `received` instead of ending the process.

    A signal that the parent told us to ignore (`nohup`, a shell's background job) stays ignored. Outside the main
    thread nothing is watched, as Python allows handlers there only.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._interrupts = 0
        self._old: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            _active.append(self)
            for number in WATCHED:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._old[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        if self in _active:
            _active.remove(self)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = int(number)
        self._interrupts += number == signal.SIGINT
        if self._interrupts > 1:
            raise KeyboardInterrupt
        if number == signal.SIGINT and os.isatty(2):
            with suppress(OSError):  # not `print`: the signal may have come in the middle of one
                os.write(2, b"\nstopping after this step; Ctrl-C again stops at once\n")

    def _restore(self) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._old.clear()


_active: list[Signals] = []


def interrupted() -> bool:
    """Whether a run of this process was told to stop: processes that it started got the signal as well."""
    return any(signals.received is not None for signals in _active)


def _forked() -> None:
    while _active:
        _active.pop()._restore()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
