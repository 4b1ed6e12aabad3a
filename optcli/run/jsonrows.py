"""JSON lines -> rows, fast where lines look alike, careful where they don't."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from optcli.run.curve import Floats
from optcli.run.numbers import grid

_LETTERS: Final = b"0123456789+-.eE naifNIty"
MOST_KEYS: Final = 64


def parse(data: bytes) -> Any:
    """One JSON value; Python's bare NaN and Infinity are read.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    try:
        return json.loads(data)
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def alike(data: bytes) -> tuple[list[str], Floats] | None:
    """The names and the numbers (lines, names) of lines that are all flat objects of numbers with the same keys in
    the same order; None where they aren't. One pass of byte replacements takes the place of a parser.
    """
    first = data[: data.find(b"\n")]
    try:
        row = parse(first)
    except ValueError:
        return None
    if not isinstance(row, dict) or not 1 < len(row) <= MOST_KEYS or not all(type(v) in (int, float) for v in row.values()):
        return None
    if any("\\" in k or '"' in k or not k.isascii() for k in row) or min(data, default=0) < 9:
        return None
    for i, key in enumerate(row):
        quoted = f'"{key}":'.encode()
        mark = b"\x01" + bytes([128 + i])
        data = data.replace(quoted + b" ", mark).replace(quoted, mark)
    data = data.replace(b", \x01", b",\x01").replace(b"\r", b"")
    lines = data.count(b"\n")
    skeleton = b"{" + b",".join(b"\x01" + bytes([128 + i]) for i in range(len(row))) + b"}\n"
    if data.translate(None, _LETTERS) != skeleton * lines:
        return None
    plain = data.translate(None, b"{}\x01" + bytes(range(128, 128 + len(row))))
    values = grid(plain.replace(b"Infinity", b"inf"), b",", len(row))
    return None if values is None else (list(row), values)


def objects(data: bytes, start: int) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    """The objects of these lines, and the stretches of bytes (first, end) that hold none."""
    lines = [line for line in data.split(b"\n") if line.strip()]
    try:
        rows = parse(b"[" + b",".join(lines) + b"]")
        if len(rows) == len(lines) and all(type(r) is dict for r in rows):
            return rows, []
    except ValueError:
        pass
    return _one_by_one(data, start)


def _one_by_one(data: bytes, start: int) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    rows, bad = [], []
    for line in data.split(b"\n"):
        end = start + len(line) + 1
        if line.strip():
            try:
                row = parse(line)
            except ValueError:
                row = None
            if isinstance(row, dict):
                rows.append(row)
            else:
                bad.append((start, min(end, start + len(line))))
        start = end
    return rows, bad


def halves(data: bytes) -> tuple[bytes, bytes] | None:
    """The lines in two parts of about the same size; None when there are few."""
    if len(data) < 1 << 15:
        return None
    cut = data.rfind(b"\n", 0, len(data) // 2) + 1
    return (data[:cut], data[cut:]) if 0 < cut < len(data) else None


def only_missing(values: Floats) -> bool:
    """Whether a grid holds nothing at all."""
    return not np.size(values)
