"""VisualDL's records (PaddlePaddle), `vdlrecords.<time>.log`: a length, then a protobuf message with one value."""

from __future__ import annotations

import os
import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from optcli.run import notes as say
from optcli.run.block import Block, Column
from optcli.run.curve import read_only
from optcli.run.source import Source
from optcli.run.wire import Malformed, fields, varint

LONGEST: Final = 1 << 28
"""Bytes of a record; those of pictures and models are large."""
SHORTEST: Final = 16
"""Bytes that show where a record ends."""
STEP, TAG, TIME, SCALAR = 1, 2, 3, 4
"""Fields of record.proto's Value: int64, string, int64 (milliseconds), float; others hold pictures, texts, graphs."""
GROWS: Final = True

Points = dict[bytes, list[tuple[float, float, float, float]]]
"""Tag -> (value, byte of the file, step, seconds)."""


def sniff(head: bytes, name: str) -> float:
    """A record with a tag, as long as it says."""
    end = _end(head, 0)
    if not end:
        return 0.0
    try:
        tagged = b"meta_data_tag" in head[:64] or _value(head, 0, min(end, len(head))) is not None
    except Malformed:
        return 0.2
    return 0.97 if tagged else 0.2


def home(path: str) -> str:
    """The folder: a later session writes another file into it."""
    return os.path.dirname(path) or "."


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block for every few megabytes. Nothing guards the bytes but the lengths, which must fit each other."""
    data, base, at = b"", offset, 0
    for chunk in source.chunks(offset):
        data, base, at = data[at:] + chunk, base + at, 0
        points: Points = defaultdict(list)
        at = _take(source, data, base, points, ended=False)
        yield Block(_columns(points), end_offset=base + at)
    points = defaultdict(list)
    done = _take(source, data[at:], base + at, points, ended=True)
    if done < len(data) - at:
        note = say.note(say.UNFINISHED, f"{source.name}: the last record, from byte {base + at + done}")
        yield Block(_columns(points), end_offset=base + at + done, notes=(note,), torn=True)
    elif points:
        yield Block(_columns(points), end_offset=base + at + done)


def _take(source: Source, data: bytes, base: int, points: Points, *, ended: bool) -> int:
    """Put the scalars of all whole records among the points; returns where the first unfinished one begins."""
    at = 0
    while at < len(data):
        end = _end(data, at)
        unfinished = end > len(data) or (not ended and len(data) - at < SHORTEST)
        if unfinished and (not ended or _next(data, at + 1) == len(data)):
            return at  # more is to come
        if not end or unfinished or not _keep(data, base, at, end, points):
            end = _next(data, at + 1)
            source.skipped.append((base + at, base + end))
        at = end
    return at


def _end(data: bytes, at: int) -> int:
    """Where the record ends that begins here; 0 if none does."""
    length = int.from_bytes(data[at : at + 8], "little")
    if not 2 < length < LONGEST or data[at + 8 : at + 9] != b"\n":
        return 0
    try:
        inner, first = varint(data, at + 9, min(at + 14, len(data)))
    except Malformed:
        return 0
    return first + inner if first + inner == at + 8 + length else 0


def _next(data: bytes, at: int) -> int:
    """Where the next record begins, or the end of the data."""
    while (found := data.find(b"\0\0\0\0\0\n", at)) >= 0:
        begin = found - 3
        if begin >= at and _end(data, begin):
            return begin
        at = found + 1
    return len(data)


def _keep(data: bytes, base: int, at: int, end: int, points: Points) -> bool:
    """Whether a record is whole; what scalar it holds goes among the points."""
    try:
        one = _value(data, at, end)
    except Malformed:
        return False
    if one is not None:
        tag, step, seconds, value = one
        points[tag].append((value, float(base + at), step, seconds))
    return True


def _value(data: bytes, at: int, end: int) -> tuple[bytes, float, float, float] | None:
    """(tag, step, seconds, value) of a record; None for one that holds no scalar.

    Raises:
        Malformed: its fields don't end where it does.
    """
    step, tag, seconds, value = 0, b"", 0.0, None
    _, first = varint(data, at + 9, end)
    for number, wire, a, b in fields(data, first, end):
        if number == STEP and wire == 0:
            raw, _ = varint(data, a, b)
            step = raw - (1 << 64) if raw >= 1 << 63 else raw
        elif number == TAG and wire == 2:
            tag = data[a:b]
        elif number == TIME and wire == 0:
            seconds = varint(data, a, b)[0] / 1000
        elif number == SCALAR and wire == 5:
            value = struct.unpack_from("<f", data, a)[0]
    return (tag, float(step), seconds, value) if tag and value is not None else None


def _columns(points: Points) -> dict[str, Column]:
    columns: dict[str, Any] = {}
    for tag, found in points.items():
        value, place, step, time = (read_only(row) for row in np.array(found).T)
        columns[tag.decode("utf-8", "replace")] = Column(value, place, step, time)
    return columns
