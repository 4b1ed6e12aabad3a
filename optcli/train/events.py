"""Event files for TensorBoard, without TensorBoard: a whole window of rows is framed by a few numpy operations.

A record is a length, a masked CRC-32C of it, an `Event` protocol buffer and a masked CRC-32C of that (TFRecord;
https://www.tensorflow.org/tutorials/load_data/tfrecord, event.proto and summary.proto of TensorFlow). Rows with the
same names give records that differ in a few bytes only: the time, the step and the values. A CRC is linear over the
exclusive or, so that it is the template's, combined with one table look-up per differing byte.

A resumed run begins a new file with a session's start at its first step, which tells TensorBoard to forget whatever an
earlier file says of that step and of later ones.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain, count, groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optcli.run.files import Appender

Words = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]

BATCH: Final = 512
"""Rows that wait until they are framed together: the more, the less each costs."""
_NUMBERS: Final = frozenset({int, float})
_NOT_CURVES: Final = frozenset({"step", "clock", "nonfinite"})
_POLYNOMIAL: Final = 0x82F63B78
_WIDER: Final = 1 << 7 * np.arange(1, 9)
"""The least integers that take one more byte as a varint."""
_SESSION_START: Final = b"\x3a\x02\x08\x01"
"""Field 7 (session_log) of an Event: status START."""


class Events:
    """The one writer of a directory of event files. A failing write warns once and never stops the training.

    `first` is the step with which this session begins, `began` the UNIX time that the rows' `clock.t` counts from.
    """

    def __init__(self, directory: Path, *, first: int = 1, began: float | None = None) -> None:
        self._began = time.time() if began is None else began
        self._waiting: list[Mapping[str, Any]] = []
        self.path = directory / _name(directory)
        self._file = Appender(self.path)
        version = b"\x1a\x0dbrain.Event:2"
        self._file.write(_record(_head(self._began, 0) + version))
        if first > 1:
            self.go_on(first)

    def go_on(self, first: int) -> None:
        """The training was taken back: what is known of step `first` and of later ones counts no more."""
        self.flush()
        self._file.write(_record(_head(self._began, first) + _SESSION_START))

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add journal rows: each of their numbers is a point at the row's `step`. Framed `BATCH` rows at a time."""
        self._waiting.extend(rows)
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits. Neighbours with the same names are framed together, and the order is kept."""
        rows, self._waiting = self._waiting, []
        for _, group in groupby(rows, key=tuple):
            self._file.write(_framed(list(group), self._began))

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        self._file.close()


def _framed(rows: Sequence[Mapping[str, Any]], began: float) -> bytes:
    """The records of rows with the same names."""
    names, n = tuple(name for name in rows[0] if name not in _NOT_CURVES), len(rows)
    if n == 1:
        names = tuple(name for name in names if _is_number(rows[0][name]))
    if not names:
        return b""
    flat = [*chain.from_iterable(map(itemgetter("step", *names), rows))]
    if n > 1 and not {*map(type, flat)} <= _NUMBERS:  # one has no number for a name that another has one for
        return b"".join(_framed([row], began) for row in rows)
    table = np.array(flat, dtype=np.float64).reshape(n, -1)
    clocks = (row.get("clock") or {} for row in rows)
    times = np.array([began + (clock.get("t") or 0.0) for clock in clocks])
    steps = table[:, 0].astype(np.int64)
    wide = 1 + np.searchsorted(_WIDER, steps, side="right")
    edges = [0, *(np.flatnonzero(np.diff(wide)) + 1), n]
    parts = (slice(*pair) for pair in pairwise(edges))
    return b"".join(_layout(names, int(wide[p][0])).frame(times[p], steps[p], table[p, 1:]) for p in parts)


class _Layout:
    """Where the differing bytes of a record lie, and what each does to its CRC."""

    def __init__(self, names: tuple[str, ...], wide: int) -> None:
        body, places = _template(names, wide)
        self.places = np.array(places)
        self.record = np.frombuffer(_record(body), dtype=np.uint8)
        self.crc = crc32c(body)
        behind = len(body) - 1 - self.places
        self.tables = _shifted_tables(int(behind.max()) + 1)[behind].reshape(-1)
        self.rows = 256 * np.arange(len(behind))
        self.wide = wide

    def frame(self, times: npt.NDArray[np.float64], steps: npt.NDArray[np.int64], values: Any) -> bytes:
        """The records of n rows: `times` and `steps` of shape (n,), `values` of shape (n, names)."""
        n = len(times)
        # A value beyond float32's range becomes infinite, as it does in TensorBoard's own writer.
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = np.ascontiguousarray(values.astype("<f4")).view(np.uint8).reshape(n, -1)
        clock = np.ascontiguousarray(times.astype("<f8")).view(np.uint8).reshape(n, 8)
        changing = np.concatenate([clock, _varints(steps, self.wide), numbers], axis=1)
        records = np.broadcast_to(self.record, (n, len(self.record))).copy()
        records[:, 12 + self.places] = changing
        crcs = self.crc ^ np.bitwise_xor.reduce(self.tables.take(changing + self.rows), axis=1)
        records[:, -4:] = _masked(crcs).astype("<u4").view(np.uint8).reshape(n, 4)
        return records.tobytes()


@cache
def _layout(names: tuple[str, ...], wide: int) -> _Layout:
    return _Layout(names, wide)


def _template(names: tuple[str, ...], wide: int) -> tuple[bytes, list[int]]:
    """An Event whose differing bytes are all zero, and where they lie in it."""
    body = bytearray(b"\x09" + bytes(8) + b"\x10" + bytes(wide))
    places = [*range(1, 9), *range(10, 10 + wide)]
    # Value: tag (1), simple_value (2)
    summary = [_field(1, name.encode("utf-8", "replace")) + b"\x15" + bytes(4) for name in names]
    body += b"\x2a" + _varint(sum(len(_field(1, value)) for value in summary))
    for value in summary:
        body += _field(1, value)
        places += range(len(body) - 4, len(body))
    return bytes(body), places


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _head(when: float, step: int) -> bytes:
    return b"\x09" + struct.pack("<d", when) + (b"\x10" + _varint(step) if step else b"")


def _varint(number: int) -> bytes:
    """A protocol buffer's integer: seven bits a byte, lowest first, the high bit says that more follow."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _varints(numbers: npt.NDArray[np.int64], wide: int) -> Bytes:
    """Integers that all take `wide` bytes, shape (n, wide)."""
    bits = numbers[:, None] >> (7 * np.arange(wide)) & 0x7F
    bits[:, :-1] |= 0x80
    return bits.astype(np.uint8)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _record(body: bytes) -> bytes:
    length = struct.pack("<Q", len(body))
    return length + _masked_bytes(crc32c(length)) + body + _masked_bytes(crc32c(body))


def _masked_bytes(crc: int) -> bytes:
    return struct.pack("<I", int(_masked(np.array([crc], dtype=np.uint32))[0]))


def _masked(crcs: Words) -> Words:
    """A CRC that is stored beside data holding CRCs is rotated by 15 bits and moved by a constant."""
    rotated = (crcs >> np.uint32(15)) | (crcs << np.uint32(17))
    return rotated + np.uint32(0xA282EAD8)


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), RFC 3720 appendix B.4: reflected, initial value and final exclusive or all ones."""
    table, crc = _table().tolist(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return int(crc ^ 0xFFFFFFFF)


@cache
def _table() -> Words:
    crcs = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crcs = np.where(crcs & 1, crcs >> 1 ^ np.uint32(_POLYNOMIAL), crcs >> 1).astype(np.uint32)
    return crcs


def _shifted_tables(n: int) -> Words:
    """`[k][b]`: what byte b with k more bytes behind it does to a CRC; shape (n, 256)."""
    tables = [_table()]
    for _ in range(n - 1):
        last = tables[-1]
        tables.append(_table()[last & 0xFF] ^ last >> np.uint32(8))
    return np.stack(tables)


def _name(directory: Path) -> str:
    """A name that TensorBoard reads after all others in the directory, even where the clock was set back."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        seen = [int(name.split(".")[3]) for name in os.listdir(directory) if name.startswith("events.out.tfevents.")]
    except (OSError, ValueError, IndexError):
        seen = []
    stamp = max([int(time.time()), *(second + 1 for second in seen)])
    return f"events.out.tfevents.{stamp:010d}.{socket.gethostname()}.{os.getpid()}.{next(_files)}"


_files: Final = count()
