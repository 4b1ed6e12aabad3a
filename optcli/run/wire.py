"""The protobuf wire format, as far as logs need it: varints and fields; unknown fields can be passed over."""

from __future__ import annotations

from collections.abc import Iterator


class Malformed(ValueError):
    """The bytes are no message."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """An unsigned varint and the offset behind it.

    Raises:
        Malformed: it doesn't end before `end`.
    """
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed("varint")


def fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(field number, wire type, first, end) of each field; a varint's bytes are from first to end."""
    while at < end:
        key, at = varint(data, at, end)
        wire, first = key & 7, at
        if wire == 0:
            _, at = varint(data, at, end)
        elif wire == 2:
            length, first = varint(data, at, end)
            at = first + length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise Malformed(f"wire type {wire}")
        if at > end:
            raise Malformed("beyond the end")
        yield key >> 3, wire, first, at
