"""Files that survive a kill: replaced in one piece, or appended to without ever stopping the training."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Final

NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
"""Flags of a file that must not exist yet; a symbolic link in its place is refused."""


def replace(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Give the file at `path` a new content at one instant: readers see the old one or the new one, never a part.

    `durable` also waits until the content would survive a power loss.

    Raises:
        OSError: it can't be written; the old content is still there and no temporary file is left.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(os.open(temporary, NEW, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable; nothing where directories can't be synced (Windows)."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Appender:
    """Appends to a log. A failing write never raises: it warns once, keeps the text and tries again with the next.

    At most `limit` bytes wait; beyond that the oldest whole lines are given up, and `lost` counts them.
    """

    def __init__(self, path: Path, *, limit: int = 1 << 24) -> None:
        self.path = path
        self.lost = 0
        self._limit = limit
        self._waiting = bytearray()
        self._handle: int | None = None
        self._warned = False
        self._torn = False

    def write(self, data: bytes, *, durable: bool = False) -> bool:
        """Append `data` and whatever waits; says whether all of it has reached the file."""
        self._waiting += data
        try:
            if self._handle is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
                self._handle = os.open(self.path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
            while self._waiting:
                # A short write leaves the rest waiting, so that the file goes on byte for byte where it stopped.
                written = os.write(self._handle, self._waiting)
                self._torn = not self._waiting[:written].endswith(b"\n")
                del self._waiting[:written]
            if durable:
                os.fsync(self._handle)
        except OSError as error:
            self._warn(error)
            self._give_up_oldest()
            return False
        return True

    def close(self) -> None:
        """Write what waits, once more, and close."""
        if self._waiting:
            self.write(b"", durable=True)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            reason = (error.strerror or str(error)).lower()
            print(f"warning: {self.path}: {reason}; training goes on, the log is written later", file=sys.stderr)

    def _give_up_oldest(self) -> None:
        if len(self._waiting) <= self._limit:
            return
        # The rest of a line whose beginning is in the file already must stay, or the next line would be glued to it.
        keep = self._waiting.find(b"\n") + 1 if self._torn else 0
        end = self._waiting.find(b"\n", len(self._waiting) - self._limit // 2) + 1
        self.lost += self._waiting.count(b"\n", keep, end)
        del self._waiting[keep:end]
