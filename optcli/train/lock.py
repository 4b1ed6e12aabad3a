"""One writer per run directory: a lock that dies with its process, and a note that tells who holds it."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from pathlib import Path
from typing import Any, Final

from optcli.exits import Exit, Failure
from optcli.run import strict_json

NAME: Final = ".lock"
_UNSUPPORTED: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


class Locked(Failure):
    """Another process is training in that run directory; the text names it."""


class Lock:
    """Holds `<directory>/.lock` from its making to `release`, or to the end of the process, however it ends.

    Raises:
        Locked: another process holds it.
        OSError: the lock file can't be made.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / NAME
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        self._handle: int | None = os.open(self.path, flags, 0o666)
        try:
            _claim(self._handle, directory)
            note = strict_json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "boot": _boot()}).encode()
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, note, 0)
        except BaseException:
            os.close(self._handle)
            raise
        _held.add(self)

    def release(self) -> None:
        """Let the next one in. The file stays: deleting it would let two processes lock two files of one name."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            with contextlib.suppress(ImportError, OSError):
                import fcntl

                # Closing alone would wait for workers that haven't closed their copies yet.
                fcntl.flock(self._handle, fcntl.LOCK_UN)
            self._close()

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            _held.discard(self)


def _claim(handle: int, directory: Path) -> None:
    """Take the lock, or say who has it. Where the file system knows no locks, the note decides."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _locked(handle, directory) from None
    except (ImportError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _UNSUPPORTED:
            raise
        if _alive(_note(handle)):
            raise _locked(handle, directory) from None


def _locked(handle: int, directory: Path) -> Locked:
    note = _note(handle)
    who = f"process {note['pid']} on {note['host']}" if {"pid", "host"} <= note.keys() else "another process"
    return Locked(Exit.LOCKED, f"{directory}: {who} is training here", "wait for it, or train in another directory")


def _note(handle: int) -> dict[str, Any]:
    try:
        note = strict_json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def _alive(note: dict[str, Any]) -> bool:
    """Whether the process that wrote the note may still run: it may if it ran on another machine."""
    if not note or note.get("host") != socket.gethostname():
        return bool(note)
    if note.get("boot") != _boot() or not isinstance(note.get("pid"), int):
        return False
    try:
        os.kill(note["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return int(note["pid"]) != os.getpid()


def _boot() -> str:
    """What this start of the machine is called, so that a process number of an earlier one isn't believed."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


_held: set[Lock] = set()


def _forked() -> None:
    # A lock lives until the last copy of its handle is closed: a worker that outlives a killed parent must not keep it.
    for lock in list(_held):
        lock._close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
