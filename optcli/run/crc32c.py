"""CRC-32C (Castagnoli) of many records at once, with numpy alone.

The checksum is linear over GF(2): for records of one length, the checksums of two records differ by the exclusive or of
one table entry for each byte in which they differ, so records that share most bytes cost a few look-ups each
(polynomial 0x1EDC6F41, RFC 3720 appendix B.4; the mask is TensorFlow's).
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
POLYNOMIAL: Final = 0x82F63B78
"""Bit-reversed."""


@cache
def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_shifted: list[Words] = []


def behind(zeros: int) -> Words:
    """What each byte value adds to the checksum when `zeros` more bytes follow it, shape (256,)."""
    if not _shifted:
        _shifted.append(np.array(_table(), dtype=np.uint32))
    while len(_shifted) <= zeros:
        last = _shifted[-1]
        _shifted.append((last >> np.uint32(8)) ^ _shifted[0][last & np.uint32(0xFF)])
    return _shifted[zeros]


def crc(data: bytes) -> int:
    """The checksum of a few bytes."""
    table, value = _table(), 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def masked(value: int) -> int:
    """The checksum as TFRecord files store it."""
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def of_length(length: int) -> int:
    """The stored checksum of a record's length field."""
    return masked(crc(struct.pack("<Q", length)))


def masked_like(pattern: bytes, rows: npt.NDArray[np.uint8], varying: list[int]) -> Words:
    """Stored checksums of records (rows, length) that equal `pattern` but for the bytes at `varying`."""
    value = np.full(len(rows), crc(pattern), dtype=np.uint32)
    for place in varying:
        table = behind(len(pattern) - 1 - place)
        value ^= (table ^ table[pattern[place]])[rows[:, place]]
    turned = (value >> np.uint32(15)) | (value << np.uint32(17))
    return turned + np.uint32(0xA282EAD8)


def next_header(data: bytes, start: int, longest: int) -> int:
    """The first offset from `start` on where 12 bytes are a record header with the right checksum; -1 for none.

    `longest` is the longest record that still makes sense.
    """
    step = 1 << 15
    buffer = np.frombuffer(data, np.uint8)
    for first in range(start, max(len(data) - 11, start), step):
        hit = _headers(buffer[first : first + step + 11], longest)
        if len(hit):
            return first + int(hit[0])
    return -1


def _headers(buffer: npt.NDArray[np.uint8], longest: int) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(buffer, 12)
    # Lengths fit in six bytes: two zero bytes thin out the candidates before any checksum is taken.
    at = np.flatnonzero((windows[:, 7] == 0) & (windows[:, 6] == 0))
    if len(at) > len(windows) // 2:
        # Padding: in a long run of zeros only its end can be part of a header.
        at = at[windows[at, :6].any(axis=1)]
    rows = np.ascontiguousarray(windows[at])
    good = rows[:, :8].copy().view("<u8")[:, 0] <= longest
    at, rows = at[good], rows[good]
    stored = rows[:, 8:].copy().view("<u4")[:, 0]
    return at[masked_like(bytes(8), rows, list(range(8))) == stored]
