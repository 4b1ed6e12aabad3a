"""The last line of a log that lacks its newline: was that left off, or is the line cut in the middle of a number?"""

from __future__ import annotations

import re
from typing import Final

WINDOW: Final = 1 << 14
"""Bytes before the last line that are compared with it."""
ENOUGH: Final = 3
"""Lines that must be like it."""
FINE: Final = 8
"""Digits from which on it makes no difference whether there were more."""
_NUMBER: Final = re.compile(rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|\b(?:[nN]a[nN]|[iI]nf)\b")
_FILLING: Final = re.compile(rb"[\s#\x80-\xff]+")
"""Blanks, and what a progress bar is drawn with."""
_LINE: Final = re.compile(rb"[^\n\r\0]+")


def complete(tail: bytes, before: bytes) -> bool:
    """Whether a last line ends as those like it do, which differ from it in nothing but numbers.

    That is: not in a number, or in one that has as many decimals in each of them, or more than matter. A whole number
    that is cut looks like another one.
    """
    shape, end = _shape(tail)
    like = [other for same, other in map(_shape, _LINE.findall(before)) if same == shape]
    if len(like) < ENOUGH:
        return False
    if end is None:
        return True
    decimals = {len(other.partition(b".")[2]) for other in like if other is not None}
    return b"." in end and (decimals <= {len(end.partition(b".")[2])} or len(end.lstrip(b"+-0.")) > FINE)


def _shape(line: bytes) -> tuple[bytes, bytes | None]:
    """A line with its numbers, blanks and bars made equal; and the number at its very end, if there is one (nan and inf
    are words)."""
    numbers = list(_NUMBER.finditer(line))
    last = numbers[-1][0] if numbers and numbers[-1].end() == len(line) else None
    return _FILLING.sub(b" ", _NUMBER.sub(b"0", line)), None if last is None or last[-1:].isalpha() else last
