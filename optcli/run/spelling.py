"""How a table spells its cells: decimal commas, thousands, percent signs, blanks or too much between columns.

Each fix turns whole lines into lines of the same length with plain cells, so that offsets stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Fix = Callable[[bytes], bytes]

_GROUPED: Final = rb"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?"
_OPEN: Final = re.compile(rb"(?<![\w.,-])[+-]?\d[\d.,]*")
_QUOTED: Final = re.compile(rb'"[+-]?(\d[\d.,]*)[^",\n]{0,3}"')


def blanks(least: int) -> Fix:
    """Columns parted by `least` or more blanks are parted by commas."""
    gap = re.compile(rb"(?<=\S)(?:[ \t]{%d,}|\t)(?=\S)" % least)
    return lambda data: gap.sub(lambda found: b",".ljust(len(found[0])), data)


def percent(data: bytes) -> bytes:
    """`97.5%` is 97.5."""
    return re.sub(rb"(?<=\d)%", b" ", data)


def decimal_comma(data: bytes) -> bytes:
    """`0,5` in a table of other delimiters is 0.5."""
    return re.sub(rb"(?<=\d),(?=\d)", b".", data)


def quoted_decimal_comma(data: bytes) -> bytes:
    """`"0,5"` in a table of commas is 0.5."""
    return re.sub(rb'("[+-]?\d+),(?=\d)', rb"\1.", data)


def ungroup(data: bytes) -> bytes:
    """`1,000` is 1000."""
    return re.sub(rb"(?<![\w.,])%b(?![\w,])" % _GROUPED, lambda f: f[0].replace(b",", b"").ljust(len(f[0])), data)


def quoted_ungroup(data: bytes) -> bytes:
    """`"1,000"` in a table of commas is 1000."""
    return re.sub(rb'"%b"' % _GROUPED, lambda f: f[0].replace(b",", b"").ljust(len(f[0])), data)


def spare(delimiter: bytes) -> Fix:
    """A delimiter with nothing behind it, where every row has one more than the header, parts nothing (old Flair)."""
    empty = re.compile(rb"%b(?=%b|\r?\n|\Z)" % (re.escape(delimiter), re.escape(delimiter)))
    return lambda data: empty.sub(b" ", data)


def untimed(delimiter: bytes) -> Fix:
    """A time in brackets behind the last cell, for which the header has no name, is left out (early fastai)."""
    clock = re.compile(rb"%b[ \t]*\((?:\d+:)?\d+:\d\d\)" % re.escape(delimiter))
    return lambda data: clock.sub(lambda found: b" " * len(found[0]), data)


def fixes(lines: bytes, delimiter: bytes) -> tuple[Fix, ...]:
    """What the cells of a table with lines like these need; nothing, as a rule."""
    found: list[Fix] = []
    commas = delimiter == b","
    if b"," in lines and (not commas or b'"' in lines):
        numbers: list[bytes] = (_QUOTED if commas else _OPEN).findall(lines)
        odd = [n.lstrip(b"+-").rstrip(b",") for n in numbers if b"," in n.rstrip(b",")]
        if odd and all(re.fullmatch(_GROUPED, n) for n in odd):
            found.append(quoted_ungroup if commas else ungroup)
        elif odd and not any(b"." in n for n in numbers) and all(n.count(b",") == 1 for n in odd):
            found.append(quoted_decimal_comma if commas else decimal_comma)
    if re.search(rb"\d%", lines):
        found.append(percent)
    return tuple(found)
