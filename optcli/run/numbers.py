"""Text -> numbers at the speed of numpy, without ever guessing: what isn't plainly a number isn't one."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any, Final

import numpy as np

from optcli.run.curve import Floats

MISSING: Final = -9876543210123.0
"""Stands for an empty cell in a grid; a NaN that was logged is a value."""
_MARK: Final = b"-9876543210123"
_NUMERIC: Final = b"0123456789+-.eE naifNAIty\t"
_NUMBER: Final = re.compile(r"\s*[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|nan|inf|infinity)\s*", re.I)


def number(value: Any) -> float | None:
    """A logged value as a number, None where there is none: null, text, lists, booleans, `NA`.

    Numbers in quotes count (fairseq writes them so), and so do `nan` and `inf`.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, str) and len(value) < 64 and _NUMBER.fullmatch(value):
        return float(value.strip())
    return None


def grid(data: bytes, delimiter: bytes, width: int) -> Floats | None:
    """Whole lines of `width` numbers as an array (lines, width); None when anything else is among them.

    Empty cells become MISSING. Blank lines are passed over.
    """
    data = data.replace(b"\r", b"").replace(b'"', b"")
    lines = data.count(b"\n")
    plain = delimiter == b"\t"
    skeleton = data.translate(None, _NUMERIC[:-1] if plain else _NUMERIC)
    if skeleton != (delimiter * (width - 1) + b"\n") * lines or not lines:
        return None
    values = _load(data, delimiter)
    if values is None:
        values = _load(_mark(data, delimiter), delimiter)
    return values if values is not None and values.shape == (lines, width) else None


def _load(data: bytes, delimiter: bytes) -> Floats | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.loadtxt(io.BytesIO(data), delimiter=delimiter.decode(), ndmin=2, dtype=np.float64, comments=None)
    except ValueError:
        return None


def _mark(data: bytes, delimiter: bytes) -> bytes:
    """Write MISSING into empty cells and over NA."""
    if b"NA" in data and b"NAN" not in data:
        data = data.replace(b"NA", _MARK)
    if b" " in data:
        data = re.sub(rb" *(\n|%b) *" % re.escape(delimiter), rb"\1", data).lstrip(b" ")
    twice = delimiter * 2
    if twice in data:
        filled = delimiter + _MARK + delimiter
        data = data.replace(twice, filled).replace(twice, filled)
    if delimiter + b"\n" in data:
        data = data.replace(delimiter + b"\n", delimiter + _MARK + b"\n")
    if b"\n" + delimiter in data or data.startswith(delimiter):
        data = (b"\n" + data).replace(b"\n" + delimiter, b"\n" + _MARK + delimiter)[1:]
    return data
