"""Rows of a delimited text file, with the line each stands on; every fault is a ValueError that names file and line."""

from __future__ import annotations

import csv
import re
from collections.abc import Container, Iterable, Iterator
from difflib import get_close_matches
from typing import Final, NamedTuple

from optcli.parts.datasets.csv import parquet

MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
"""What stands for a missing cell, in any case of letters."""
DELIMITERS: Final = ",;\t|"
_WRITTEN: Final = re.compile(r"(?=.*[,%$€£'])[-+]?[$€£]?\s?\d[\d.,' ]*\s?[%$€£]?")


class Row(NamedTuple):
    line: int
    """Line of the file where the row ends; lines count from 1. In a Parquet file, the number of the row."""
    cells: list[str]
    """Without blanks around them."""


def rows(path: str, drop: Container[str] = ()) -> Iterator[Row]:
    """The header, then every row that is not blank; of a Parquet file, columns called as one of `drop` are not read.

    Raises:
        OSError: the file can't be read.
        ValueError: not UTF-8, not delimited text, a header without names, or a row of another width than the header.
    """
    if path.endswith(parquet.ENDINGS):
        names = parquet.names(path)
        yield Row(1, _header(path, names))
        yield from (Row(number, cells) for number, cells in enumerate(parquet.rows(path, names, drop), 1))
        return
    with open(path, "rb") as file:
        reader = csv.reader(_decoded(path, file), delimiter=_delimiter(path), strict=True)
        try:
            header = _header(path, next(reader, []))
            yield Row(1, header)
            for cells in reader:
                if any(cells):
                    _same_width(f"{path}:{reader.line_num}", cells, header)
                    yield Row(reader.line_num, [cell.strip() for cell in cells])
        except csv.Error as error:
            raise ValueError(f"{path}:{reader.line_num}: not a table: {str(error).lower()}") from error


def number(cell: str) -> float | None:
    """The cell as a number, perhaps nan or inf; None if it is none. `1_000` is none, unlike in Python."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def written(cell: str) -> bool:
    """Whether the cell is a number as people write it: `1,5`, `1,234.5`, `$ 12`, `5 %`."""
    return _WRITTEN.fullmatch(cell) is not None


def column(path: str, header: list[str], name: str) -> int:
    """Index of the column.

    Raises:
        ValueError: there is none; the message has the nearest name, or all of them.
    """
    if name in header:
        return header.index(name)
    near = get_close_matches(name, header, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"the columns are {', '.join(header[:20])}"
    raise ValueError(f"{path}:1: no column `{name}`; {hint}")


def _decoded(path: str, file: Iterable[bytes]) -> Iterator[str]:
    """Line by line, so that a wrong byte's line is known; none of UTF-8's longer characters holds a line end.

    Lines end with LF, CR LF or, as old spreadsheets write them, CR alone.
    """
    for line, raw in enumerate((one for part in file for one in part.splitlines(keepends=True)), 1):
        try:
            yield raw.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}:{line}: not UTF-8 text; save the table as UTF-8") from error


def _delimiter(path: str) -> str:
    """The candidate that makes most columns of the first line."""
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline(1_000_000)
    if not first.strip():
        raise ValueError(f"{path}:1: the file is empty, or its first line is")
    return max(DELIMITERS, key=lambda candidate: len(next(csv.reader([first], delimiter=candidate))))


def _header(path: str, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = next((name for i, name in enumerate(header) if name in header[:i]), None)
    if len(header) < 2:
        raise ValueError(f"{path}:1: only one column; a table needs an input and a target, with , ; tab or | between")
    if all(number(name) is not None for name in header):
        raise ValueError(f"{path}:1: the first line must name the columns, but holds numbers")
    if twice is not None:
        raise ValueError(f"{path}:1: two columns are called `{twice}`")
    return header


def _same_width(where: str, cells: list[str], header: list[str]) -> None:
    if len(cells) != len(header):
        raise ValueError(f"{where}: {len(cells)} cells, but the header names {len(header)} columns")
