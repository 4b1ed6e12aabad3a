"""JSON that is not one whole document: several, one after the other, or one that breaks off."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from optcli.run.jsonrows import parse

_BLANKS: Final = re.compile(r"[\s,]*")
_MARKS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{},]', re.S)
_CLOSING: Final = {"[": "]", "{": "}"}


def one_after_another(data: bytes) -> list[Any]:
    """The objects of a file that was written one indented object at a time; a torn last one is left out."""
    text = data.decode("utf-8-sig", "replace")
    parser = json.JSONDecoder()
    found: list[Any] = []
    at = 0
    while blank := _BLANKS.match(text, at):
        try:
            one, at = parser.raw_decode(text, blank.end())
        except (ValueError, RecursionError):
            break
        found.append(one)
    return found


def salvage(data: bytes) -> tuple[Any, int]:
    """A document up to where it breaks, as if its open brackets were closed there; and the first byte left out.

    What no comma and no bracket ends is left out: half a number looks like a number.

    Raises:
        ValueError: it is nested too deeply, or has no beginning.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lead = len(data) - len(text.encode("utf-8", "surrogateescape"))
    open_, cut = [], 0
    for mark in _MARKS.finditer(text, 0, _breaks(text)):
        if (closing := _CLOSING.get(mark[0])) is not None:
            open_.append(closing)
        elif mark[0] in ("]", "}"):
            open_.pop()
        if mark[0][0] != '"':
            cut = mark.start() if mark[0] == "," else mark.end()
    whole = text[:cut].encode("utf-8", "surrogateescape")
    return parse(whole + "".join(reversed(open_)).encode()), lead + len(whole)


def _breaks(text: str) -> int:
    """The first character that can't stand where it does; the end of a document that is whole."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos
    except RecursionError:
        pass
    return len(text)
