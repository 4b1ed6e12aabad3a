"""A log as a stream of bytes: a regular file or standard input, read in chunks and never held as a whole."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, TypeVar

from optcli.run.block import Unreadable
from optcli.run.encoded import Decoder, decoder

Kept = TypeVar("Kept")
HEAD: Final = 1 << 16
"""Bytes that a reader sees to recognize its format."""
CHUNK: Final = 1 << 22
LINES: Final = 1 << 20
"""Bytes of lines that are read at once."""
ROOM: Final = 1 << 23
"""Bytes of memory asked for once and given back: from then on glibc keeps freed pieces up to this size at hand instead
of returning each to the system, which would cost as much as the reading."""
LONGEST_LINE: Final = 1 << 26
"""A line of more than 64 MiB is no log line; it is skipped."""


class Source:
    """One file (or standard input, `-`) of a run.

    `name` is the path relative to the run's home: readers take the split from it (`train/`, `validation/`). `pattern`
    is the user's own regular expression for console text. Packed and UTF-16 files are read as what is in them: offsets
    then count the bytes behind the encoding.
    """

    def __init__(self, path: str, name: str = "", pattern: str | None = None) -> None:
        self.path = path
        self.name = name or (path.rsplit("/", 1)[-1] if path != "-" else "")
        self.pattern = pattern
        self.skipped: list[tuple[int, int]] = []
        """Stretches of bytes (first, end) that could not be used."""
        self.state: Any = None
        """What a reader must know to read on; see `keep`."""
        self.whole = False
        """Whether the reader wants the file from its beginning each time."""
        self.ended = False
        """Whether it is read once, so that nothing more will come."""
        self.unfinished: int | None = None
        """Where a last line begins that lacks its end."""
        self._head: bytes | None = None
        self._raw = b""
        self._decoder: Decoder | None = None
        self._stream: BinaryIO | None = None

    def keep(self, make: Callable[[], Kept]) -> Kept:
        """What was made when this file was read before, or else is made now."""
        if self.state is None:
            self.state = make()
        state: Kept = self.state
        return state

    @property
    def streamed(self) -> bool:
        """Whether it can only be read from its beginning: standard input, or an encoding lies over it."""
        if self.path != "-":
            self.head()
        return self.path == "-" or self._decoder is not None

    @property
    def size(self) -> int | None:
        """Bytes in the file; None for a stream."""
        return None if self.streamed else os.path.getsize(self.path)

    def head(self) -> bytes:
        """The first bytes, up to 64 KiB.

        Raises:
            Unreadable: not a regular file, or it can't be opened.
        """
        if self._head is None:
            if self.path == "-":
                self._stream = sys.stdin.buffer
                self._raw = _fill(self._stream, HEAD)
            else:
                with open_regular(self.path) as file:
                    self._raw = file.read(HEAD) or b""
            self._decoder = decoder(self._raw)
            self._head = self._raw if self._decoder is None else b"".join(self._decoder([self._raw]))[:HEAD]
        return self._head

    def middle(self) -> bytes:
        """64 KiB of whole lines from the middle of a large file; nothing for a small one or a stream."""
        size = self.size or 0
        if size <= HEAD:
            return b""
        with open_regular(self.path) as file:
            file.seek(max(HEAD, size // 2))
            return file.read(HEAD).partition(b"\n")[2]

    def chunks(self, offset: int = 0, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes from `offset` on, in chunks; standard input can be read once only."""
        self.head()
        if self._decoder is None:
            yield from self._bytes(offset, size)
            return
        for chunk in self._decoder(self._bytes(0, size)):
            if len(chunk) > offset:
                yield chunk[offset:]
            offset = max(0, offset - len(chunk))

    def _bytes(self, offset: int, size: int) -> Iterator[bytes]:
        """The file's own bytes."""
        if self.path == "-":
            raw, self._raw, self._head = self._raw, b"", b""
            yield raw
            while chunk := self._stream.read(size) if self._stream else b"":
                yield chunk
            return
        with open_regular(self.path) as file:
            file.seek(offset)
            while chunk := file.read(size):
                yield chunk

    def read(self, limit: int = 1 << 29) -> bytes:
        """The whole content.

        Raises:
            Unreadable: it is larger than `limit` bytes.
        """
        parts, total = [], 0
        for chunk in self.chunks():
            total += len(chunk)
            if total > limit:
                raise Unreadable(self.path, f"a document of more than {limit >> 20} MiB")
            parts.append(chunk)
        return b"".join(parts)

    def lines(self, offset: int = 0, size: int = LINES) -> Iterator[tuple[int, bytes]]:
        """Whole lines in large pieces, each with its offset; only the last piece may lack its newline."""
        bytes(ROOM)
        rest = b""
        for chunk in self.chunks(offset, size):
            data = rest + chunk if rest else chunk
            cut = data.rfind(b"\n") + 1
            if cut:
                yield offset, data[:cut]
                offset += cut
            rest = data[cut:]
            if len(rest) > LONGEST_LINE:
                self.skipped.append((offset, offset + len(rest)))
                offset, rest = offset + len(rest), b""
        if rest:
            yield offset, rest


def open_regular(path: str) -> BinaryIO:
    """Open a regular file for reading; a pipe, socket or device is refused without blocking on it.

    Nor does reading block: some of the kernel's own files wait for something to happen (`/proc/kmsg`). There is nothing
    in them then.

    Raises:
        Unreadable: it is none, or the system refuses.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(path, (error.strerror or str(error)).lower()) from None
    mode = os.fstat(handle).st_mode
    piped = stat.S_ISFIFO(mode) and path.startswith(("/dev/fd/", "/proc/self/fd/"))
    if stat.S_ISREG(mode) or piped:
        os.set_blocking(handle, piped)
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise Unreadable(path, "not a regular file")


def _fill(stream: BinaryIO, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data
