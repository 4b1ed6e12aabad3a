"""Tables as text: where the header is, which delimiter, and rows that numpy can't read."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Final

from optcli.run.block import Block, table
from optcli.run.numbers import number
from optcli.run.rows import tagged
from optcli.run.source import Source

DELIMITERS: Final = (",", "\t", ";", "|")
MOST_COLUMNS: Final = 20_000


@dataclass(frozen=True)
class Table:
    """The header line as it stands, the names in it, and the byte at which the rows begin."""

    delimiter: bytes
    names: tuple[str, ...]
    line: bytes
    begin: int


def cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line, without blanks around them."""
    line = line.strip("\r\n")
    if '"' not in line:
        return [c.strip() for c in line.split(delimiter)]
    try:
        return [c.strip() for c in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return []


def layout(head: bytes) -> Table | None:
    """The header and delimiter of a table that begins like this; None for anything else."""
    begin = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    if b"\0" in head[:4096] or head[begin : begin + 64].lstrip()[:1] in (b"{", b"["):
        return None
    while True:
        end = head.find(b"\n", begin)
        if end < 0:
            return None
        line = head[begin : end + 1]
        if line.strip() and not line.startswith(b"#"):
            break
        begin = end + 1
    return _header(line, end + 1, head[end + 1 :].split(b"\n")[:-1][:20])


def _header(line: bytes, begin: int, below: list[bytes]) -> Table | None:
    text = line.decode("utf-8", "replace")
    delimiter = max(DELIMITERS, key=text.count)
    names = cells(text, delimiter)
    if not names or len(names) > MOST_COLUMNS or sum(number(n) is not None for n in names) > len(names) / 2:
        return None
    if max(map(len, names)) > 200 or not any(re.search(r"[A-Za-z]", n) for n in names):
        return None
    rows = [cells(b.decode("utf-8", "replace"), delimiter) for b in below if b.strip()]
    good = [r for r in rows if len(r) == len(names)]
    numeric = sum(number(c) is not None for r in good for c in r)
    filled = sum(c != "" for r in good for c in r)
    if rows and (2 * len(good) < len(rows) or 3 * numeric < filled or not numeric):
        return None
    if len(names) == 1 and (not rows or numeric < len(rows) or " " in names[0]):
        return None
    return Table(delimiter.encode(), _unique(names), line, begin)


def _unique(names: list[str]) -> tuple[str, ...]:
    """Every column under a name of its own; pandas' unnamed first column is the index."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        name = name if name and not name.startswith("Unnamed:") else "index"
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}.{seen[name] - 1}")
    return tuple(found)


def _fits(row: list[str], head: Table, start: int) -> bool:
    """Whether a row has the header's cells. The very first one may be shorter: the header was written anew when more
    columns came up."""
    return len(row) == len(head.names) or (1 < len(row) < len(head.names) and start == head.begin)


def read_rows(data: bytes, start: int, head: Table, source: Source) -> Block:
    """Rows cell by cell: words, quotes, stray lines. A line with too many or too few cells is skipped and noted."""
    delimiter = head.delimiter.decode()
    found = []
    for line in data.splitlines(keepends=True):
        end = start + len(line)
        text = line.decode("utf-8", "replace")
        if text.strip() and not text.startswith("#"):
            row = cells(text, delimiter)
            if _fits(row, head, start) and "\0" not in text:
                found.append(tagged(dict(zip(head.names, row, strict=False))))
            else:
                source.skipped.append((start, end))
        start = end
    return table(found, end_offset=start)
