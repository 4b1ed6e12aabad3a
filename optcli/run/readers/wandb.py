"""Weights & Biases' own file, `run-<id>.wandb`: LevelDB log framing around protobuf records."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from optcli.run import notes as say
from optcli.run.block import Block, table
from optcli.run.curve import End, Note
from optcli.run.jsonrows import parse
from optcli.run.numbers import number
from optcli.run.params import known
from optcli.run.rows import flat
from optcli.run.source import Source
from optcli.run.wire import Malformed, fields

MAGIC: Final = b":W&B\xe1\xbe\x00"
PAGE: Final = 1 << 15
"""Records don't cross a page of 32 KiB; the pages count from the start of the file, its 7 bytes of header included."""
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
HISTORY, CONFIG, RUN, EXIT = 2, 5, 17, 18
"""Fields of wandb_internal.proto's Record: logged values, settings, the run (its field 4: settings), the exit code."""
ROWS: Final = 20_000
OWNS: Final = True


def sniff(head: bytes, name: str) -> float:
    """The file's magic number."""
    if head.startswith(MAGIC):
        return 1.0
    return 0.95 if head.startswith(b":W&B") else 0.0


def home(path: str) -> str:
    """The run's folder, `run-<time>-<id>`, where the file lies in one."""
    folder = os.path.dirname(path)
    return folder if "run-" in os.path.basename(folder) else path


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """The history; a file that ends within a record belongs to a live or killed run."""
    rows: list[dict[str, float]] = []
    config: dict[str, Any] = {}
    end: End | None = None
    for record in _records(source):
        try:
            row = _history(record)
            if not row:
                config |= _settings(record)
                end = _exit(record) or end
        except Malformed:
            continue
        if row:
            rows.append(row)
        if len(rows) >= ROWS:
            yield table(rows, format="wandb")
            rows = []
    notes: tuple[Note, ...] = ()
    if source.size is not None and source.skipped and source.skipped[-1][1] >= source.size:
        begin = source.skipped.pop()[0]
        notes = (say.note(say.UNFINISHED, f"the last record, from byte {begin}"),)
    yield table(rows, format="wandb", notes=notes, config=known(config), end=end)


def _records(source: Source) -> Iterator[bytes]:
    """Whole records; a fragment with a wrong checksum costs its page at most."""
    base, rest = 0, b""
    parts: list[bytes] = []
    for chunk in source.chunks(0, PAGE * 64):
        data = rest + chunk
        whole = len(data) // PAGE * PAGE
        for first in range(0, whole, PAGE):
            for kind, piece in _page(data[first : first + PAGE], base + first, source):
                yield from _piece(kind, piece, parts)
        base, rest = base + whole, data[whole:]
    for kind, piece in _page(rest, base, source):
        yield from _piece(kind, piece, parts)


def _page(page: bytes, base: int, source: Source) -> Iterator[tuple[int, bytes]]:
    at = len(MAGIC) if base == 0 else 0
    while at + 7 <= len(page):
        check, length, kind = struct.unpack_from("<IHB", page, at)
        end = at + 7 + length
        if not (check or length or kind):
            return
        if end > len(page) or not FULL <= kind <= LAST:
            source.skipped.append((base + at, base + len(page)))
            yield 0, b""
            return
        if zlib.crc32(page[at + 6 : end]) == check:
            yield kind, page[at + 7 : end]
        else:
            source.skipped.append((base + at, base + end))
            yield 0, b""
        at = end


def _piece(kind: int, piece: bytes, parts: list[bytes]) -> Iterator[bytes]:
    """Fragments to records; kind 0 marks a loss, which spoils the record it falls into."""
    if kind == FULL:
        parts.clear()
        yield piece
    elif kind == FIRST:
        parts[:] = [piece]
    elif kind in (MIDDLE, LAST) and parts:
        parts.append(piece)
        if kind == LAST:
            yield b"".join(parts)
            parts.clear()
    elif kind == 0:
        parts.clear()


def _history(record: bytes) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, found in _items(record, HISTORY):
        if isinstance(found, dict):
            row |= flat(found, f"{name}/")
        elif (x := number(found)) is not None:
            row[name] = x
    return row


def _settings(record: bytes) -> dict[str, Any]:
    """What the training was configured with, at its start or later."""
    return dict(_items(record, CONFIG)) | dict(_items(record, RUN, 4))


def _exit(record: bytes) -> End | None:
    """How the process ended: field 1 is its exit code, absent for 0."""
    for outer, wire, first, end in fields(record, 0, len(record)):
        if outer == EXIT and wire == 2:
            code = any(inner == 1 for inner, *_ in fields(record, first, end))
            return "stopped" if code else "finished"
    return None


def _items(record: bytes, *path: int) -> Iterator[tuple[str, Any]]:
    """(name, value) of the items, field 1, of the message under this path of fields."""
    spans = [(0, len(record))]
    for want in (*path, 1):
        spans = [
            (a, b)
            for first, end in spans
            for outer, wire, a, b in fields(record, first, end)
            if (outer, wire) == (want, 2)
        ]
    for first, end in spans:
        yield from _item(record, first, end)


def _item(record: bytes, first: int, end: int) -> Iterator[tuple[str, Any]]:
    """HistoryItem and ConfigItem: key 1, nested_key 2 (repeated), value_json 16."""
    key, value = [], b""
    for number_, wire, a, b in fields(record, first, end):
        if wire == 2 and number_ in (1, 2):
            key.append(record[a:b].decode("utf-8", "replace"))
        elif wire == 2 and number_ == 16:
            value = record[a:b]
    try:
        yield "/".join(k for k in key if k), parse(value)
    except ValueError:
        return
