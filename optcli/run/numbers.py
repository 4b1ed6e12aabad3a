"""Text -> numbers at the speed of numpy, without ever guessing: what isn't plainly a number isn't one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from optcli.run.curve import Floats
from optcli.run.decimals import PAD, Bytes, Mask, Places, decimals

MISSING: Final = -9876543210123.0
"""Stands for an empty cell in a grid; a NaN that was logged is a value."""
NOTHING: Final = (b"", b"NA", b"null")
_INNER: Final = re.compile(rb"[\w.:-] +[\w.-]")
LEAD: Final = bytes(PAD - 1) + b"\n"
"""What stands before the first cell, so that each one stands between two marks."""
PROBE: Final = 4096
"""Bytes in which a blank inside a cell is looked for before all blanks are taken out."""
PIECE: Final = 1 << 18
"""Bytes whose cells are read at once: what is computed on the way stays near the processor."""
_WORD: Final = re.compile(rb"[A-Za-z_/ .?*-]*")
_FOREIGN: Final = np.ones(256, bool)
_FOREIGN[np.frombuffer(b"0123456789+-.eE naiftyNAIFTY\t#()QqSsDdJjRrXx", np.uint8)] = False
_NUMBER: Final = re.compile(
    r"\s*[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|nan|inf|infinity)\s*", re.I | re.A
)
_DRESSED: Final = re.compile(
    r"\s*(?:tensor\(\[?({0})\]?(?:, *[a-z_]+ ?= ?[^,()]+)*\)|\[({0})\]|({0}) \([a-z][a-z ]*\))\s*".format(
        r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|nan|inf)"
    ),
    re.I | re.A,
)
"""A number as a tensor or an array of one prints itself, or with a remark behind it."""
_SPELLED: Final = re.compile(
    r"(?<![\w.])([+-]?)(?:1\.#([A-Z]{1,4})\d*(?:e[+-]\d+)?|nan\((?:ind|[sq]?nan|0x[\da-f]*|\d*)\))(?![\w.#])",
    re.I | re.A,
)
"""Microsoft's C library writes NaN as `1.#QNAN0`, `-1.#IND00`, rounded to a few places `1.#R`, `1.#J`, and later on as
`-nan(ind)`; that of GNU adds the payload, `nan(0x1)`."""

_PADDED: Final = re.compile(r"(?<![\w.])([+-]?(?:nan|inf))\.0(?![\w.])", re.I | re.A)
"""Lightning's progress bar pads numbers to a width, NaN too."""


def number(value: Any) -> float | None:
    """A logged value as a number, None where there is none: null, text, lists, booleans, `NA`.

    Numbers in quotes count (fairseq writes them so), and so do `nan` and `inf`, `tensor(0.5, device='cuda:0')`, `[0.5]`
    and `0.5 (best)`.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, str) and len(value) < 64:
        value = plain(value)
        if _NUMBER.fullmatch(value):
            return float(value.strip())
        if (dressed := _DRESSED.fullmatch(value)) is not None:
            return float(dressed[1] or dressed[2] or dressed[3])
    return None


def plain(text: str) -> str:
    """A text with all spellings of NaN and infinity that C's libraries have, and padded ones, as `nan` and `inf`. What
    is rounded so far that the two can't be told apart is NaN."""
    if ".0" in text and ("n.0" in text or "N.0" in text or "f.0" in text or "F.0" in text):
        text = _PADDED.sub(r"\1", text)
    if "1.#" not in text and "n(" not in text and "N(" not in text:
        return text
    return _SPELLED.sub(lambda found: found[1] + ("inf" if (found[2] or "").upper() == "INF" else "nan"), text)


def grid(data: bytes, delimiter: bytes, width: int, words: Sequence[bool] = ()) -> Floats | None:
    """Whole lines of `width` numbers as an array (lines, width); None when anything else is among them.

    Empty cells, `NA` and `null` become MISSING. `words` says for each column whether it may hold anything, which then
    becomes MISSING too, as `None` and the like do in the others.
    """
    if b'"' in data and any(delimiter in inside for inside in data.split(b'"')[1::2]):
        return None
    data = data.replace(b"\r", b"").replace(b'"', b"")
    if not data.endswith(b"\n"):
        return None
    found, at = [], 0
    while at < len(data):
        end = data.find(b"\n", min(at + PIECE, len(data)) - 1) + 1
        piece = _piece(data[at:end], delimiter, width, np.array(words, bool))
        if piece is None:
            return None
        found.append(piece)
        at = end
    return np.concatenate(found)


def _piece(data: bytes, delimiter: bytes, width: int, words: Mask) -> Floats | None:
    buffer, mark = _marked(data, delimiter)
    places = np.flatnonzero(mark)
    if not np.array_equal(places[::width], np.flatnonzero(buffer == ord("\n"))):
        return None
    begin, end = places[:-1] + 1, places[1:]
    filled = np.flatnonzero(end > begin)
    value, good = decimals(buffer, begin[filled], end[filled])
    found = np.full(len(end), MISSING)
    found[filled] = value
    odd = filled[~good]
    rest = _odd_ones(buffer, begin[odd], end[odd], words[odd % width] if len(words) else None)
    if rest is None:
        return None
    found[odd] = rest
    return found.reshape(-1, width)


def _marked(data: bytes, delimiter: bytes) -> tuple[Bytes, Mask]:
    """Whole lines behind LEAD, and which bytes end a cell. Blanks around cells are taken out; where a cell has one
    inside, all of them stay."""
    buffer = np.frombuffer(LEAD + data, np.uint8)
    if b" " in data and not _INNER.search(data, 0, PROBE):
        kept = np.flatnonzero(buffer != ord(" "))
        plain = buffer[kept]
        mark = _marks(plain, delimiter)
        if not ((np.diff(kept) > 1) & ~mark[:-1] & ~mark[1:]).any():
            return plain, mark
    return buffer, _marks(buffer, delimiter)


def _marks(buffer: Bytes, delimiter: bytes) -> Mask:
    return np.asarray((buffer == ord(delimiter)) | (buffer == ord("\n")))


def _odd_ones(buffer: Bytes, begin: Places, end: Places, words: Mask | None) -> Floats | None:
    """The numbers in cells that are no plain decimal ones; None if one has no business there."""
    value = np.full(len(begin), MISSING)
    left = np.arange(len(begin))
    if words is not None and words.any():
        left = left[~(words & _foreign(buffer, begin, end))]
    for i in left.tolist():
        text = buffer[begin[i] : end[i]].tobytes()
        x = _odd(text)
        if x is not None:
            value[i] = x
        elif text.strip() not in NOTHING and (words is None or not (words[i] or said_nothing(text))):
            return None
    return value


def _foreign(buffer: Bytes, begin: Places, end: Places) -> Mask:
    """Which of these cells hold a byte that is in no number."""
    places = np.flatnonzero(_FOREIGN[buffer])
    return np.searchsorted(places, begin) < np.searchsorted(places, end)


def said_nothing(text: bytes) -> bool:
    """Whether a cell stands for no number: `None`, `N/A`, `-`. Anything with a digit or odd bytes in it was one."""
    return _WORD.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _odd(text: bytes) -> float | None:
    return number(text.decode("utf-8", "replace"))
