"""Console output as lines of text, and rows of numbers made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from optcli.run import notes as say
from optcli.run.block import Block, table
from optcli.run.encoded import binary
from optcli.run.numbers import plain
from optcli.run.source import Source
from optcli.run.tail import WINDOW, complete

ANSI: Final = re.compile(rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))|[\b\x0e\x0f]")
NUMBER: Final = (
    r"[+-]?(?:\d++\.?+\d*+(?:[eE][+-]?\d++)?+|\.\d++(?:[eE][+-]?\d++)?+|[Nn]a[Nn]|NAN|[Ii]nf(?:inity)?|INF(?:INITY)?)"
    r"(?!\w|\.\w)"
)
"""A number as programs print it, at the end of a sentence too; not the beginning of a word or a version. Possessive: a
row of numbers that isn't what was looked for would else be tried in every way of cutting its digits in two."""
NAME: Final = r"(?<![\w/.@-])([A-Za-z_][\w/.@-]*+)"
"""A whole name. Possessive and bound to its beginning, so that no line can make the search quadratic."""
_EAST: Final = re.compile(rb"(?=.*[\xa1-\xfe]{4})(?:[\t\x1b -~]|[\xa1-\xfe]{2})*+")
"""Words in the two-byte codes of China, Japan and Korea. To GB 18030 they are all words, if not the right ones, and no
damage, which rarely leaves its bytes in pairs."""
_MARGIN: Final = re.compile(r"\s++(?:(?:[#>]++|//++)\s++)*+|(?:(?:[#>]++|//++)\s++)++")
"""What a notebook's export (knitr's `## `), a comment or a quotation puts before each line."""
_WIDE: Final = {0xFF1A: ": ", 0xFF0C: ", ", 0xFF08: " (", 0xFF09: ") "}
"""Colon, comma and brackets of East Asian type."""
_PART: Final = re.compile(rb"[^\n\r\0]+")
_NULS: Final = re.compile(rb"\0+")
DAMAGE: Final = re.compile("[\x01-\x07\x10-\x1a\x1c-\x1f\x7f\ufffd]")
"""What no program prints. A line that has it and no numbers was to have some, perhaps."""
_LOSS: Final = re.compile(r"loss\w{0,20}[\])\"']?\s{0,4}[:=]?\s{0,8}[+-]?(?:\d+\.\d|nan)", re.I)
MANY: Final = 5
"""More lines with a loss than this beside each that a reader knows are no by-work, as several under one mark are."""
GIVES_WAY: Final = 0.3
"""Below the score of the reader of any console, if that one can make something of such lines."""
ROWS: Final = 50_000
LONGEST: Final = 8_000
"""Longer lines are dumps of something, not progress."""

Row = dict[str, float]


def lines(source: Source, offset: int = 0, *, margin: bool = False) -> Iterator[tuple[int, int, str]]:
    """(first, end offset, text) of each whole line; ANSI codes are taken out, of an overwritten line (\\r) each state
    counts. NULs, which a crash leaves where data was lost, end a line and are noted.

    A last line that is not ended yet is left for the next time; of a log that has ended it counts if it is complete. A
    redirected progress bar has a single newline, at its very end: there each state ends with the next. With `margin`
    lines stay as they are printed; a user's own pattern sees them so, too.
    """
    before, tail, start, margin = b"", b"", 0, margin or source.pattern is not None
    for start, data in source.lines(offset):
        end = len(data) if data.endswith(b"\n") else max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        data, tail = data[:end], data[end:]
        yield from _parts(source, start, data, margin)
        before, start = (before + data[-WINDOW:])[-WINDOW:], start + end
    if source.ended and tail.strip():
        if complete(tail, before):
            yield from _parts(source, start, tail, margin)
        else:
            source.unfinished = start


def _parts(source: Source, start: int, data: bytes, margin: bool) -> Iterator[tuple[int, int, str]]:
    if b"\0" in data:
        source.skipped += [(start + found.start(), start + found.end()) for found in _NULS.finditer(data)]
    for part in _PART.finditer(data):
        if part.end() - part.start() <= LONGEST and (text := part[0]).strip():
            clean = _clean(text)
            yield start + part.start(), start + part.end() + 1, clean if margin else _flush(clean)


def _clean(line: bytes) -> str:
    if b"\x1b" in line or b"\b" in line:
        line = ANSI.sub(b"", line)
    text = line.decode("utf-8", "replace")
    return line.decode("gb18030", "replace") if "\ufffd" in text and _EAST.fullmatch(line) else text


def _flush(line: str) -> str:
    """A line without its margin, with narrow marks, and with a plain `nan` for every NaN."""
    line = plain(line if line.isascii() else line.translate(_WIDE))
    return line[found.end() :] if (found := _MARGIN.match(line)) else line


@lru_cache(maxsize=2)
def sample(head: bytes, most: int = 400, *, margin: bool = False) -> list[str]:
    """The first lines of a file as text, for `sniff`; all console readers look at the same ones."""
    if binary(head):
        return []
    text = ANSI.sub(b"", head[: 1 << 16].replace(b"\0", b"\n")).replace(b"\r", b"\n").decode("utf-8", "replace")
    found = text.split("\n")
    cut = (line[:LONGEST] for line in (found[:-1] or found) if line.strip())
    return [line if margin else _flush(line) for line in islice(cut, most)]


def tables(
    source: Source,
    parse: Callable[[str], Row | None],
    offset: int = 0,
    *,
    odd: Callable[[str], Any] = DAMAGE.search,
    margin: bool = False,
    **more: Any,
) -> Iterator[Block]:
    """Blocks from the lines that `parse` makes something of; of the others those are damaged that are `odd`."""
    rows: list[Row] = []
    end = offset
    for first, end, line in lines(source, offset, margin=margin):
        row = parse(line)
        if not row and odd(line):
            source.skipped.append((first, end - 1))
        if row:
            rows.append(row)
            if len(rows) >= ROWS:
                yield table(rows, end_offset=end, **more)
                rows = []
    yield table(rows, end_offset=end, **more)
    if source.unfinished is not None:
        message = f"the last line, from byte {source.unfinished}, lacks its end and is left out"
        yield Block({}, notes=(say.note(say.UNFINISHED, message),))


def share(head: bytes, pattern: re.Pattern[str], enough: int = 3) -> float:
    """How sure a line pattern makes: 0 without a hit, towards 1 with `enough` hits."""
    text = sample(head)
    hits = [pattern.search(line) is not None for line in text]
    return min(1.0, sum(hits) / enough) * trust(text, hits) if any(hits) else 0.0


def trust(text: Sequence[str], hits: Sequence[bool]) -> float:
    """What a reader's score is worth: 1, or little where it would leave most lines with a loss unread (`hits` are the
    lines that it knows)."""
    others = sum(not hit and _LOSS.search(line) is not None for line, hit in zip(text, hits, strict=True))
    return GIVES_WAY if others > MANY * sum(hits) else 1.0
