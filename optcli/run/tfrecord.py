"""TFRecord framing: where the records of an event file are, and where the file is damaged.

A record is u64 length, u32 masked CRC-32C of these 8 bytes, the data, u32 masked CRC-32C of the data; little endian.
A wrong header or an impossible length is passed over up to the next offset where a header checks out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from optcli.run.crc32c import next_header, of_length
from optcli.run.source import Source, open_regular

WINDOW: Final = 1 << 23
LONGEST_PERIOD: Final = 64
OFTEN: Final = 512
"""Records between two looks for a cycle of lengths."""
HUGE: Final = 1 << 22
"""A record of more than 4 MiB holds pictures or a graph: it is stepped over without being read."""
_header = struct.Struct("<QI").unpack_from


@dataclass
class Window:
    """Some records: `data`, and for each record the offset of its header in `data`; `base` is data's file offset, `end`
    the one behind the last whole record."""

    data: bytes
    starts: list[int]
    lengths: list[int]
    base: int
    end: int


def windows(source: Source, offset: int = 0) -> Iterator[Window]:
    """The records of a file in pieces of a few megabytes; damage goes to `source.skipped`, a torn end is left."""
    if source.streamed:
        data = source.read()
        yield from _all(data, source)
        return
    size = source.size or 0
    with open_regular(source.path) as file:
        while offset < size:
            file.seek(offset)
            data = file.read(min(WINDOW, size - offset))
            if not data:
                return
            starts, lengths, used = _frames(data, size - offset, source, offset)
            # What is used reaches beyond the data where a huge record is stepped over.
            whole = used if used > len(data) else _whole(starts, lengths)
            yield Window(data, starts, lengths, offset, offset + whole)
            if not used:
                return
            offset += used


def _all(data: bytes, source: Source) -> Iterator[Window]:
    starts, lengths, _ = _frames(data, len(data), source, 0)
    yield Window(data, starts, lengths, 0, _whole(starts, lengths))


def _whole(starts: list[int], lengths: list[int]) -> int:
    """The offset behind the last of these records."""
    return starts[-1] + lengths[-1] + 16 if starts else 0


def _frames(data: bytes, left: int, source: Source, base: int) -> tuple[list[int], list[int], int]:
    """Offsets and lengths of the whole records in `data`, and how far it is used; `left` counts to the file's end."""
    starts: list[int] = []
    lengths: list[int] = []
    at, n = 0, len(data)
    known: dict[int, int] = {}
    ask = 2 * LONGEST_PERIOD
    keep_start, keep_length = starts.append, lengths.append
    while at + 12 <= n:
        length, check = _header(data, at)
        if known.get(length) != check:
            if of_length(length) != check:
                at = _resync(data, at, left, source, base)
                continue
            known[length] = check
        end = at + 16 + length
        if end > n:
            if end > left and _torn(data, at, left):
                return starts, lengths, at if n < left else 0
            if length > HUGE and end <= left:
                return starts, lengths, end
            if end > left:
                at = _resync(data, at, left, source, base)
                continue
            break
        keep_start(at)
        keep_length(length)
        at = end
        if len(starts) >= ask:
            at = _periods(data, at, starts, lengths)
            ask = len(starts) + OFTEN
    return starts, lengths, min(at, n) if n < left or at >= n else 0


def _periods(data: bytes, at: int, starts: list[int], lengths: list[int]) -> int:
    """Step over records whose lengths go on in the same cycle (one of each tag a step), headers checked all at once.

    Returns the offset behind them; what doesn't fit is left to the walk.
    """
    recent = lengths[-2 * LONGEST_PERIOD :]
    period = next((p for p in range(1, LONGEST_PERIOD + 1) if recent[-p:] == recent[-2 * p : -p]), 0)
    if not period:
        return at
    cycle = np.array(recent[-period:], dtype=np.int64)
    stride = int(cycle.sum()) + 16 * period
    times = (len(data) - at) // stride
    if times < 2:
        return at
    inside = np.cumsum(cycle + 16) - cycle - 16
    buffer = np.frombuffer(data, np.uint8)
    good = times
    for offset, length in zip(inside.tolist(), cycle.tolist(), strict=True):
        header = np.frombuffer(struct.pack("<QI", length, of_length(length)), np.uint8)
        found = np.lib.stride_tricks.as_strided(buffer[at + offset :], (good, 12), (stride, 1), writeable=False)
        wrong = (found != header).any(axis=1)
        good = int(np.argmax(wrong)) if wrong.any() else good
        if not good:
            return at
    places = at + np.arange(good)[:, None] * stride + inside
    starts += places.ravel().tolist()
    lengths += np.tile(cycle, good).tolist()
    return at + good * stride


def _torn(data: bytes, at: int, left: int) -> bool:
    """Whether a record that reaches beyond the end of the file is just not finished: no other record follows."""
    return len(data) == left and next_header(data, at + 1, left) < 0


def _resync(data: bytes, at: int, left: int, source: Source, base: int) -> int:
    """The next offset that could be a record; what is passed over is noted."""
    found = next_header(data, at + 1, left)
    if found < 0:
        # The last bytes of a window may be the beginning of a header; at the end of the file they are lost.
        found = len(data) if len(data) >= left else max(len(data) - 11, at + 1)
    if source.skipped and source.skipped[-1][1] == base + at:
        source.skipped[-1] = source.skipped[-1][0], base + found
    else:
        source.skipped.append((base + at, base + found))
    return found
