"""The event message inside a TensorBoard record, read by hand: no protobuf, no TensorFlow.

Event: 1 wall_time (double), 2 step (int64), 5 summary, 7 session_log. Summary.Value: 1 tag, 2 simple_value (float),
8 tensor, 9 metadata. Unknown fields are passed over (tensorflow/core/util/event.proto and framework/summary.proto).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from optcli.run.wire import fields, varint

START: Final = 1
"""SessionLog.START: what an earlier session wrote from this step on doesn't count any more."""
WIDTHS: Final = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}
"""TensorFlow's DataType -> numpy, where a scalar's bytes are its value; bfloat16 is 14."""
_LISTS: Final = {5: "<f4", 6: "<f8"}


@dataclass
class Scalar:
    """One value: its tag, and where its bytes stand in the record (or the value itself where they have no fixed
    place)."""

    tag: bytes
    at: int = -1
    kind: str = "<f4"
    value: float = 0.0
    plugin: bytes | None = None


@dataclass
class Event:
    """One record. `step_at` are the first and end offset of the step's varint, or None where the step is 0."""

    wall_at: int = -1
    step_at: tuple[int, int] | None = None
    step: int = 0
    start: bool = False
    scalars: list[Scalar] = field(default_factory=list)


def event(data: bytes) -> Event:
    """Read one record.

    Raises:
        Malformed: it is no event.
    """
    found = Event()
    for number, wire, first, end in fields(data, 0, len(data)):
        if number == 1 and wire == 1:
            found.wall_at = first
        elif number == 2 and wire == 0:
            raw, _ = varint(data, first, end)
            found.step = raw - (1 << 64) if raw >= 1 << 63 else raw
            found.step_at = first, end
        elif number == 5 and wire == 2:
            for inner, kind, a, b in fields(data, first, end):
                if inner == 1 and kind == 2 and (one := _value(data, a, b)) is not None:
                    found.scalars.append(one)
        elif number == 7 and wire == 2:
            found.start = any(
                n == 1 and varint(data, a, b)[0] == START for n, w, a, b in fields(data, first, end) if w == 0
            )
    return found


def _value(data: bytes, first: int, end: int) -> Scalar | None:
    tag, plugin, found = b"", None, None
    for number, wire, a, b in fields(data, first, end):
        if number == 1 and wire == 2:
            tag = data[a:b]
        elif number == 2 and wire == 5:
            found = Scalar(b"", a)
        elif number == 8 and wire == 2:
            found = _tensor(data, a, b)
        elif number == 9 and wire == 2:
            plugin = _plugin(data, a, b)
    if found is None:
        return None if plugin is None else Scalar(tag, plugin=plugin, kind="")
    found.tag, found.plugin = tag, plugin
    return found


def _plugin(data: bytes, first: int, end: int) -> bytes:
    """SummaryMetadata.plugin_data.plugin_name."""
    for number, wire, a, b in fields(data, first, end):
        if number == 1 and wire == 2:
            return next((data[x:y] for n, w, x, y in fields(data, a, b) if n == 1 and w == 2), b"")
    return b""


def _tensor(data: bytes, first: int, end: int) -> Scalar | None:
    """A tensor of one number, whatever field of TensorProto holds it; None for anything larger."""
    dtype, found = 1, None
    content: tuple[int, int] | None = None
    for number, wire, a, b in fields(data, first, end):
        if number == 1 and wire == 0:
            dtype, _ = varint(data, a, b)
        elif number == 2 and wire == 2 and not _one_element(data, a, b):
            return None
        elif number == 4 and wire == 2:
            content = a, b
        elif number in _LISTS and b - a == int(_LISTS[number][2]):
            found = Scalar(b"", a, _LISTS[number])
        elif number in (7, 10, 11, 13) and wire in (0, 2):
            raw, after = varint(data, a, b)
            found = Scalar(b"", value=_whole(raw, number, dtype), kind="value") if after == b else None
    if content is not None and content[1] > content[0]:
        found = _content(data, content, dtype)
    return found


def _content(data: bytes, content: tuple[int, int], dtype: int) -> Scalar | None:
    first, end = content
    kind = WIDTHS.get(dtype)
    if kind is not None and end - first == int(kind[2]):
        return Scalar(b"", first, kind)
    if dtype == 14 and end - first == 2:
        return Scalar(b"", value=float(struct.unpack("<f", b"\0\0" + data[first:end])[0]), kind="value")
    return None


def _whole(raw: int, number: int, dtype: int) -> float:
    if number == 13:
        bits = struct.pack("<H", raw & 0xFFFF)
        return float(struct.unpack("<f", b"\0\0" + bits)[0] if dtype == 14 else struct.unpack("<e", bits)[0])
    return float(raw - (1 << 64) if raw >= 1 << 63 else raw)


def _one_element(data: bytes, first: int, end: int) -> bool:
    """Whether all dimensions of a TensorShapeProto are 1."""
    for number, wire, a, b in fields(data, first, end):
        if number == 2 and wire == 2:
            size = next((varint(data, x, y)[0] for n, w, x, y in fields(data, a, b) if n == 1 and w == 0), 0)
            if size != 1:
                return False
    return True
