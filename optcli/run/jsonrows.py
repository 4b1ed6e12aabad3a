"""JSON lines -> rows, fast where lines look alike, careful where they don't."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from optcli.run.curve import Floats
from optcli.run.numbers import grid

_LETTERS: Final = b"0123456789+-.eE naifNIty"
MOST_KEYS: Final = 512
MOST_KINDS: Final = 6


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
    """The names and the numbers (lines, names) of lines that are all objects of numbers with the same keys in the same
    order; None where they aren't. Nested objects give names joined by `/`.

    Between the quotes there is either a key or the numbers with their punctuation: no parser is needed to part them.
    """
    try:
        names = _names(parse(data[: data.find(b"\n")]))
    except ValueError:
        return None
    if not 1 < len(names) <= MOST_KEYS:
        return None
    buffer = np.frombuffer(data, np.uint8)
    inside = (np.cumsum(buffer == ord('"'), dtype=np.uint8) & 1).view(bool)
    lines = data.count(b"\n")
    # Each key with its opening quote, so that `ab`, `c` can't pass for `a`, `bc`.
    keys = buffer[inside].tobytes()
    between = buffer[~inside].tobytes().replace(b"\r", b"")
    marks = between.translate(None, _LETTERS)
    if not _repeats(keys, lines) or not _repeats(marks, lines):
        return None
    values = grid(between.translate(None, b'{}: "'), b",", len(names))
    return None if values is None else (names, values)


def _repeats(data: bytes, times: int) -> bool:
    length = len(data) // max(times, 1)
    return length > 0 and data == data[:length] * times


def by_shape(data: bytes) -> list[tuple[Floats, list[str], Floats]] | None:
    """Lines of a few kinds (train, validation), each kind as (line numbers, names, numbers); None if any line is of
    another sort."""
    kinds: dict[bytes, list[int]] = {}
    lines = data.split(b"\n")[:-1]
    for i, line in enumerate(lines):
        kinds.setdefault(line.translate(None, _LETTERS), []).append(i)
    if len(kinds) > MOST_KINDS or any(len(rows) * len(kinds) < 16 for rows in kinds.values()):
        return None
    found = []
    for rows in kinds.values():
        same = alike(b"\n".join([lines[i] for i in rows]) + b"\n")
        if same is None:
            return None
        found.append((np.array(rows, dtype=np.float64), *same))
    return found


def _names(row: Any, prefix: str = "") -> list[str]:
    """Names of the numbers in an object, in order; nothing for one that holds anything but numbers and objects."""
    if not isinstance(row, dict):
        return []
    found = []
    for key, value in row.items():
        if isinstance(value, dict) and value:
            inner = _names(value, f"{prefix}{key}/")
            if not inner:
                return []
            found += inner
        elif type(value) in (int, float):
            found.append(f"{prefix}{key}")
        else:
            return []
    return found


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
