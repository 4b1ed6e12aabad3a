"""Text -> numbers at the speed of numpy, without ever guessing: what isn't plainly a number isn't one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import numpy as np

from optcli.run.curve import Floats
from optcli.run.decimals import PAD, Bytes, Cells, Mask, Places, decimals, split

MISSING: Final = -9876543210123.0
"""Stands for an empty cell in a grid; a NaN that was logged is a value."""
NOTHING: Final = (b"", b"NA", b"null")
_INNER: Final = re.compile(rb"[\w.:-] +[\w.-]")
PROBE: Final = 4096
"""Bytes in which a blank inside a cell is looked for before all blanks are taken out."""
PIECE: Final = 1 << 18
"""Bytes whose cells are read at once: what is computed on the way stays near the processor."""
_FOREIGN: Final = np.ones(256, bool)
_FOREIGN[np.frombuffer(b"0123456789+-.eE naiftyNAIFTY\t", np.uint8)] = False
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


def grid(data: bytes, delimiter: bytes, width: int, *, words: bool = False) -> Floats | None:
    """Whole lines of `width` numbers as an array (lines, width); None when anything else is among them.

    Empty cells, `NA` and `null` become MISSING; with `words` so does all else that is no number.
    """
    data = data.replace(b"\r", b"").replace(b'"', b"")
    if not data.endswith(b"\n"):
        return None
    found, at = [], 0
    while at < len(data):
        end = data.find(b"\n", min(at + PIECE, len(data)) - 1) + 1
        piece = _piece(data[at:end], delimiter, width, words)
        if piece is None:
            return None
        found.append(piece)
        at = end
    return np.concatenate(found)


def _piece(data: bytes, delimiter: bytes, width: int, words: bool) -> Floats | None:
    cells = _cells(data, delimiter)
    ends = cells.buffer[cells.end]
    lines = len(ends) // width
    if len(ends) != lines * width or data.count(b"\n") != lines or (ends[width - 1 :: width] != ord("\n")).any():
        return None
    found = _values(cells, words)
    return None if found is None else found.reshape(lines, width)


def _cells(data: bytes, delimiter: bytes) -> Cells:
    """The cells of whole lines, without blanks around them; a cell with a blank inside keeps them all."""
    buffer = np.frombuffer(bytes(PAD) + data, np.uint8)
    if b" " in data and not _INNER.search(data, 0, PROBE):
        kept = np.flatnonzero(buffer != ord(" "))
        plain = buffer[kept]
        mark = _marks(plain, delimiter)
        apart = (np.diff(kept) > 1) & ~mark[:-1] & ~mark[1:]
        if not apart[PAD:].any():
            return split(plain, mark)
    return split(buffer, _marks(buffer, delimiter))


def _marks(buffer: Bytes, delimiter: bytes) -> Mask:
    return np.asarray((buffer == ord(delimiter)) | (buffer == ord("\n")))


def _values(cells: Cells, words: bool) -> Floats | None:
    """The number in each cell: plain decimal numbers all at once, what is left one by one."""
    found = np.full(len(cells.end), MISSING)
    filled = np.flatnonzero(cells.end > cells.begin)
    value, good = decimals(cells.take(filled))
    found[filled[good]] = value[good]
    odd = filled[~good]
    if len(odd) and words:
        odd = odd[~_foreign(cells, odd)]
    for i, text in zip(odd.tolist(), cells.take(odd).texts(), strict=True):
        x = _odd(text)
        if x is None and not words and text.strip() not in NOTHING:
            return None
        found[i] = MISSING if x is None else x
    return found


def _foreign(cells: Cells, which: Places) -> Mask:
    """Which of these cells hold a byte that is in no number."""
    places = np.flatnonzero(_FOREIGN[cells.buffer])
    return np.searchsorted(places, cells.begin[which]) < np.searchsorted(places, cells.end[which])


@lru_cache(maxsize=1024)
def _odd(text: bytes) -> float | None:
    return number(text.decode("utf-8", "replace"))
