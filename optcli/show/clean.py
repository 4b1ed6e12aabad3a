"""Foreign text made harmless: paths, tags, labels and values come from files that anybody may have written.

A terminal obeys escape sequences, a reader's eye obeys bidirectional overrides, and a CI runner obeys lines that begin
with `::`. Here such characters become visible (`\\x1b`); what a format escapes on top (HTML, Markdown, XML) is its own.
"""

from __future__ import annotations

import re
from typing import Any, Final

LIMIT: Final = 500
"""Characters of one foreign string that are shown: longer than any honest tag, far shorter than a flood."""

_UNSEEN: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"  # marks and overrides of direction, invisible operators
    "\u2028\u2029\ufeff\ufff9-\ufffb\ufffe\uffff"  # line and paragraph separators, byte order mark, specials
    "\ud800-\udfff\U000e0000-\U000e0fff"  # lone surrogates; tag characters
)
_BLOCK: Final = re.compile(f"[{_UNSEEN}]")
_LINE: Final = re.compile(f"[{_UNSEEN}\t\n]")
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def line(text: Any, limit: int = LIMIT) -> str:
    """`text` on one line, with nothing in it that a terminal, an eye or a CI runner would obey."""
    shown = _LINE.sub(_visible, _bytes_shown(_cut(str(text), limit)))
    shown = shown.replace("##[", "#\\x23[")
    return "\\x3a:" + shown[2:] if shown.startswith("::") else shown


def block(text: Any, limit: int = 20 * LIMIT) -> str:
    """Like `line`, but line breaks and tabs stay: for texts of several lines."""
    return _BLOCK.sub(_visible, _bytes_shown(_cut(str(text), limit)))


def plain_unicode(text: str, limit: int = 20 * LIMIT) -> str:
    """`text` as valid Unicode for formats that escape everything else themselves (JSON)."""
    return re.sub("[\ud800-\udfff]", _visible, _bytes_shown(_cut(text, limit)))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… (+{len(text) - limit} characters)"


def _bytes_shown(text: str) -> str:
    """A file name that isn't UTF-8 arrives with its odd bytes as surrogates (PEP 383): show them as `\\xNN`."""
    return re.sub("[\udc80-\udcff]", lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)


def _visible(found: re.Match[str]) -> str:
    char = found[0]
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
