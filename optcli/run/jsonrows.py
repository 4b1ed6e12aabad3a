"""JSON lines -> rows, fast where lines look alike, careful where they don't."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optcli.run.curve import Floats
from optcli.run.numbers import grid, number
from optcli.run.roles import SPLITS

_LETTERS: Final = b"0123456789+-.eE naifNItyul"
_TEXT: Final = re.compile(
    rb'(:\s?)"(?!(?:%b)")(?:[^"\\\d+.nNiI-][^"\\]*|\d+[:/-][^"\\]*)"' % b"|".join(w.encode() for w in SPLITS), re.I
)
"""A value that is a text and neither a number nor the name of a part of the data."""
_BARE: Final = re.compile(rb"(?<=[:\[, ])[+-]?(?:1\.#|nan|inf)[\w()+-]*(?=\s*[,}\]])", re.I)
"""A value that Python's parser doesn't know: `nan`, `-inf`, `1.#QNAN`."""
MOST_KEYS: Final = 512
MOST_KINDS: Final = 24
SAMPLE: Final = 64
"""Lines of which it is looked up how they begin."""
_OPENING: Final = re.compile(rb'\s*\{\s*"[^"\\]*"')
FEW: Final = 8
"""Fewer lines of a kind than this are parsed one by one."""
ODD: Final = 0.2
"""Share of such lines from which on they all are."""


Span = tuple[int, int]


def parse(data: bytes) -> Any:
    """One JSON value; Python's bare NaN and Infinity are read, and those of C.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    try:
        return json.loads(data)
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    except ValueError:
        if (spelled := _BARE.sub(_constant, data)) == data:
            raise
        return parse(spelled)


def _constant(found: re.Match[bytes]) -> bytes:
    value = number(found[0].decode())
    return found[0] if value is None else json.dumps(value).encode()


@dataclass(frozen=True, eq=False)
class Kind:
    """Lines that are objects with the same keys in the same order: `rows` are their numbers, `values` has the shape
    (rows, names), `words` are the texts that all of them hold."""

    rows: Floats
    names: list[str]
    values: Floats
    words: dict[str, str]


def alike(data: bytes, rows: Floats | None = None) -> Kind | None:
    """Lines that are all objects of numbers with the same keys in the same order; None where they aren't. Nested
    objects give names joined by `/`.

    Between the quotes there is either a key or the numbers with their punctuation: no parser is needed to part them.
    """
    try:
        first = parse(data[: data.find(b"\n")])
    except ValueError:
        return None
    names = _names(first)
    if not 1 < len(names) <= MOST_KEYS or b"\\" in data:
        return None
    rows = np.arange(data.count(b"\n"), dtype=np.float64) if rows is None else rows
    buffer = np.frombuffer(data, np.uint8)
    inside = quoted(buffer)
    # Each key with its opening quote, so that `ab`, `c` can't pass for `a`, `bc`.
    keys = buffer[inside].tobytes()
    between = buffer[~inside].tobytes().replace(b"\r", b"")
    marks = between.translate(None, _LETTERS)
    if not _repeats(keys, len(rows)) or not _repeats(marks, len(rows)):
        return None
    values = grid(between.translate(None, b'{}: "'), b",", len(names))
    if values is None:
        return None
    words = {key: value for key, value in first.items() if isinstance(value, str)}
    return Kind(rows, names, values, words)


def quoted(buffer: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which bytes stand inside of quotes, the opening one among them.

    Each quote turns all bytes behind it: a running exclusive or, of 64 bytes at a time (Langdale, Lemire,
    arXiv:1902.08318).
    """
    bits = np.packbits(buffer == ord('"'), bitorder="little").tobytes()
    words = np.frombuffer(bits + bytes(-len(bits) % 8), "<u8").copy()
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    odd = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.uint64(0) - odd[:-1]
    return np.unpackbits(words.view(np.uint8), count=len(buffer), bitorder="little").view(bool)


def _repeats(data: bytes, times: int) -> bool:
    length = len(data) // max(times, 1)
    return length > 0 and data == data[:length] * times


def by_shape(data: bytes, *, texts: bool = False) -> tuple[list[Kind], list[int]] | None:
    """Lines of a few kinds (train, validation), and the numbers of lines that are of none; None where those are many.

    With `texts`, values that are texts are passed over.
    """
    given = data.split(b"\n")[:-1]
    plain = _TEXT.sub(rb'\1""', data) if texts else data
    lines = plain.split(b"\n")[:-1] if texts else given
    shapes = plain.translate(None, _LETTERS).split(b"\n")[:-1]
    numbers = {shape: i for i, shape in enumerate(dict.fromkeys(shapes))}
    if len(numbers) > ODD * len(lines) + FEW:
        return None
    shape = np.fromiter(map(numbers.__getitem__, shapes), np.int64, len(shapes))
    left = np.ones(len(lines), bool)
    found: list[Kind] = []
    for one in np.argsort(-np.bincount(shape), kind="stable")[:MOST_KINDS].tolist():
        rows = np.flatnonzero(shape == one)
        if len(rows) >= FEW and (not texts or _same_names(given[rows[0]], lines[rows[0]])):
            same = alike(b"\n".join([lines[i] for i in rows.tolist()]) + b"\n", rows.astype(np.float64))
            if same is not None:
                found.append(same)
                left[rows] = False
    return None if left.sum() > ODD * len(lines) else (found, np.flatnonzero(left).tolist())


def _same_names(line: bytes, other: bytes) -> bool:
    try:
        return _names(parse(line)) == _names(parse(other))
    except ValueError:
        return False


def _names(row: Any, prefix: str = "") -> list[str]:
    """Names of the values in an object, in order; nothing for one that holds more than numbers, texts and objects."""
    if not isinstance(row, dict):
        return []
    found = []
    for key, value in row.items():
        if isinstance(value, dict) and value:
            inner = _names(value, f"{prefix}{key}/")
            if not inner:
                return []
            found += inner
        elif value is None or type(value) in (int, float) or (isinstance(value, str) and number(value) is None):
            found.append(f"{prefix}{key}")
        else:
            return []
    return found


def objects(data: bytes, start: int, openings: Iterable[bytes] = ()) -> tuple[list[dict[str, Any]], list[Span]]:
    """The objects of these lines, and the stretches of bytes (first, end) that hold none.

    A whole object behind the torn half of another, or behind NULs, is found by one of the `openings`, with which other
    lines begin.
    """
    lines = [line for line in data.split(b"\n") if line.strip()]
    try:
        rows = parse(b"[" + b",".join(lines) + b"]")
        if len(rows) == len(lines) and all(type(r) is dict for r in rows):
            return rows, []
    except ValueError:
        pass
    return _one_by_one(data, start, openings or opened(data))


def opened(data: bytes) -> set[bytes]:
    """How the first few of these lines that are objects begin: `{"step"`."""
    lines = [line for line in data.split(b"\n", SAMPLE)[:SAMPLE] if _object(line) is not None]
    return {found[0] for line in lines if (found := _OPENING.match(line))}


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = parse(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _one_by_one(data: bytes, start: int, openings: Iterable[bytes]) -> tuple[list[dict[str, Any]], list[Span]]:
    rows, bad = [], []
    for line in data.split(b"\n"):
        row, first = _object(line), 0
        if row is None and line.strip():
            first = max((line.rfind(opening) for opening in openings), default=-1)
            row = _object(line[first:]) if first > 0 else None
            bad.append((start, start + (len(line) if row is None else first)))
        if row is not None:
            rows.append(row)
        start += len(line) + 1
    return rows, bad
