"""Tables as text: where the header is, which delimiter, and rows that numpy can't read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from optcli.run.block import Block, table
from optcli.run.encoded import binary
from optcli.run.numbers import number, said_nothing
from optcli.run.roles import HOPELESS, meaning
from optcli.run.rows import AXES, SPLIT_KEYS, tagged
from optcli.run.source import Source
from optcli.run.spelling import Fix, blanks, fixes, spare, untimed

DELIMITERS: Final = (",", "\t", ";", "|")
MOST_COLUMNS: Final = 20_000
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_NAME: Final = re.compile(r"[A-Za-z#][\w./@()% -]{0,80}")
_ASIDE: Final = (b"#", b"%", b"/")
_LIST: Final = re.compile(r"\[ *[-\d.][^][a-z]{0,40}, *[-\d.]")
MOST_BEFORE: Final = 2000
"""Bytes of a row in which its first list begins."""
PREAMBLE: Final = 60
"""Lines in which the header is looked for."""
BELOW: Final = 20
"""Lines below it that are looked at."""


@dataclass(frozen=True)
class Table:
    """The header line as it stands, the names in it, and the byte at which the rows begin."""

    delimiter: bytes
    names: tuple[str, ...]
    line: bytes
    begin: int
    fixes: tuple[Fix, ...] = ()
    wordy: tuple[bool, ...] = ()
    """For each column whether it holds no numbers in the first rows."""
    spaced: bool = False
    """Whether nothing but blanks parts the columns."""

    @property
    def key(self) -> str | None:
        """The column, if any, whose words say which part of the data a row is about."""
        return next((name for name in self.names if name in SPLIT_KEYS), None)

    def words(self, data: bytes, name: str) -> list[str]:
        """What stands in one column of these lines, which have all their cells."""
        at = self.names.index(name)
        found = (line.split(self.delimiter, at + 1)[at] for line in data.split(b"\n")[:-1])
        return [word.strip(b' "\r').decode("utf-8", "replace") for word in found]

    def plain(self, data: bytes) -> bytes:
        """Lines of this table with cells that numpy can read; as long as before."""
        for fix in self.fixes:
            data = fix(data)
        return data


def cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line, without blanks around them."""
    line = line.strip("\r\n")
    if '"' not in line:
        return [c.strip() for c in line.split(delimiter)]
    try:
        return [c.strip() for c in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return []


def header(line: str) -> tuple[str, list[str]]:
    """The delimiter and the names of a line of names."""
    delimiter = max(DELIMITERS, key=line.count)
    return delimiter, cells(line, delimiter)


def in_cells(head: bytes) -> bool:
    """Whether the losses and accuracies of a table are lists: each cell a whole curve, each row a run."""
    first, _, rest = head.partition(b"\n")
    if b"[" not in rest[:MOST_BEFORE] or binary(head):
        return False
    delimiter, names = header(first.decode("utf-8-sig", "replace"))
    row = cells(rest.partition(b"\n")[0].decode("utf-8", "replace"), delimiter)
    found = [cell for name, cell in zip(names, row, strict=False) if headline(name)]
    return any(map(_LIST.match, found)) and all(number(cell) is None for cell in found)


def layout(head: bytes) -> Table | None:
    """The header and delimiter of a table that begins like this; None for anything else.

    The header is the first line but for comments; or, below a preamble, one that names both an axis and a loss.
    """
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    if binary(head) or head[start : start + 64].lstrip()[:1] in (b"{", b"["):
        return None
    lines = head[start:].split(b"\n", PREAMBLE + BELOW)[:-1]
    remark, first = b"", True
    for i, line in enumerate(lines[:PREAMBLE]):
        start += len(line) + 1
        if aside(line):
            remark = line if line.startswith(b"#") else remark
            continue
        below = list(islice((b for b in lines[i + 1 :] if not aside(b)), BELOW))
        found = _header(line + b"\n", start, below, sure=not first)
        if found is None and first and remark:
            found = _header(remark.lstrip(b"# "), start - len(line) - 1, [line, *below])
            found = found and replace(found, line=remark + b"\n")
        if found is not None:
            return found
        first = False
    return None


def aside(line: bytes) -> bool:
    """A line that isn't part of the table: blank, a comment, a rule, Excel's `sep=;`."""
    return not line.strip(b" \t\r\n-+=|:") or line.startswith((b"#", b"%", b"//", b"sep="))


def asides(data: bytes) -> bool:
    """Whether lines of these may be no rows, however many cells they seem to have."""
    return data[:1] in _ASIDE or b"\0" in data or any(mark in data and b"\n" + mark in data for mark in _ASIDE)


def _header(line: bytes, begin: int, below: list[bytes], *, sure: bool = False) -> Table | None:
    counted = max(DELIMITERS, key=lambda mark: line.count(mark.encode()))
    if counted.encode() in line:
        return _table(line, begin, below, counted, (), sure)
    for least in (2, 1):
        part = blanks(least)
        names = cells(part(line).decode("utf-8", "replace"), ",")
        if below and len(names) > 1 and any(map(headline, names)) and all(map(_NAME.fullmatch, names)):
            found = _table(line, begin, below, ",", (part,), sure)
            if found is not None:
                return found
    return _table(line, begin, below, ",", (), sure)


def headline(name: str) -> bool:
    """Whether a name by itself says loss or accuracy."""
    return (said := meaning(name)) is not None and "/" in said.role and said.rank < HOPELESS


def _telling(names: list[str]) -> bool:
    return any(n.lower() in AXES for n in names) and any(headline(n) for n in names)


def _table(
    line: bytes, begin: int, below: list[bytes], delimiter: str, fixed: tuple[Fix, ...], sure: bool
) -> Table | None:
    """The table, if this line can be its header; to be `sure` the names must tell."""
    head = Table(delimiter.encode(), (), line, begin, fixed)
    names = cells(head.plain(line).decode("utf-8", "replace"), delimiter)
    if not names or len(names) > MOST_COLUMNS or sum(number(n) is not None for n in names) > len(names) / 2:
        return None
    if max(map(len, names)) > 200 or _CONTROL.search(line.rstrip()):
        return None
    if not re.search(rb"[A-Za-z]", line) and not any(map(headline, names)):
        return None
    if sure and not _telling(names):
        return None
    text = head.plain(b"\n".join(below))
    more = fixes(text, head.delimiter)
    for fix in more:
        text = fix(text)
    rows = _rows(text, delimiter)
    if rows and all(len(row) == len(names) + 1 for row in rows):
        more = (*more, (untimed if all(row[-1][-1:] == ")" for row in rows) else spare)(head.delimiter))
        rows = _rows(more[-1](text), delimiter)
    if not _numbers(rows, names):
        return None
    wordy = tuple(2 * sum(number(c) is not None for c in column) <= len(column) for column in _filled(rows, len(names)))
    return Table(head.delimiter, _unique(names), head.plain(line), begin, fixed + more, wordy, bool(fixed))


def _rows(text: bytes, delimiter: str) -> list[list[str]]:
    return [cells(line, delimiter) for line in text.decode("utf-8", "replace").split("\n") if line.strip()]


def _filled(rows: list[list[str]], width: int) -> list[list[str]]:
    """The cells of each column that aren't empty."""
    whole = [row for row in rows if len(row) == width]
    return [[row[i] for row in whole if row[i]] for i in range(width)]


def _numbers(rows: list[list[str]], names: list[str]) -> bool:
    """Whether the rows below a header are numbers for the better part; there may be none yet."""
    good = [r for r in rows if len(r) == len(names)]
    numeric = sum(number(c) is not None for r in good for c in r)
    filled = sum(c != "" for r in good for c in r)
    if rows and (2 * len(good) < len(rows) or 3 * numeric < filled or not numeric):
        return False
    return len(names) > 1 or (bool(rows) and numeric == len(rows) and " " not in names[0])


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


def rows(data: bytes, start: int, source: Source) -> Iterator[tuple[int, int, bytes]]:
    """(first, end, line) of each line; NULs before it, which a crash leaves where data was lost, are noted and left
    out."""
    for line in data.splitlines(keepends=True):
        end = start + len(line)
        plain = line.lstrip(b"\0")
        first = end - len(plain)
        if first > start:
            source.skipped.append((start, first))
        yield first, end, plain
        start = end


def read_rows(data: bytes, start: int, head: Table, source: Source) -> Block:
    """Rows cell by cell: words, quotes, stray lines. A line with too many or too few cells is skipped and noted, and so
    is one that doesn't say where it belongs; of another damaged one the other cells count."""
    delimiter = head.delimiter.decode()
    found = []
    for first, end, line in rows(data, start, source):
        text = line.decode("utf-8", "replace")
        if not aside(line):
            row = cells(text, delimiter)
            broken = _broken(row, head)
            fits = _fits(row, head, first) and "\0" not in text and not broken & AXES
            if fits:
                found.append(tagged(dict(zip(head.names, row, strict=False))))
            if broken or not fits:
                source.skipped.append((first, end))
    return table(found, end_offset=start + len(data))


def _broken(row: list[str], head: Table) -> set[str]:
    """The columns of numbers in which this row has something else."""
    found = zip(row, head.names, head.wordy, strict=False)
    return {
        name.lower()
        for cell, name, wordy in found
        if not wordy and number(cell) is None and not said_nothing(cell.encode())
    }
