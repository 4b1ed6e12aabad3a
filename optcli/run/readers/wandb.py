"""Weights & Biases' own file, `run-<id>.wandb`: LevelDB log framing around protobuf records."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

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
"""No fragment of a record is longer; what is left of a page with no room for a header is filled with zeros."""
HEADER: Final = 7
"""Checksum (4 bytes), length (2), kind (1)."""
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
    """Whole records; damage costs those that it falls into."""
    parts: list[bytes] = []
    for kind, piece in _fragments(source):
        yield from _piece(kind, piece, parts)


def _fragments(source: Source) -> Iterator[tuple[int, bytes]]:
    """(kind, bytes) of each fragment whose checksum is right, and (0, nothing) where some are lost."""
    chunks = source.chunks(0, PAGE * 64)
    base, data, at, ended = 0, b"", 0, False
    while at < len(data) or not ended:
        if not ended and len(data) - at < 2 * PAGE:
            chunk = next(chunks, b"")
            base, data, at, ended = base + at, data[at:] + chunk, 0, not chunk
        elif end := _fragment(data, at):
            yield data[at + 6], data[at + HEADER : end]
            at = end
        else:
            found = _next(data, at + 1, ended)
            if data[at:found].strip(b"\0") or found - at >= HEADER:
                _lost(source, base + at, base + found)
                yield 0, b""
            at = found


def _fragment(data: bytes, at: int) -> int:
    """The end of the fragment that begins here; 0 if none does."""
    if at + HEADER > len(data) or not FULL <= data[at + 6] <= LAST:
        return 0
    check, length = struct.unpack_from("<IH", data, at)
    end = at + HEADER + int(length)
    return end if end <= len(data) and zlib.crc32(data[at + 6 : end]) == check else 0


def _next(data: bytes, at: int, ended: bool) -> int:
    """Where the next fragment begins; without one the end, or from where on there may be one when more is read."""
    kinds = np.frombuffer(data, np.uint8)[at + 6 :]
    places = np.flatnonzero((kinds >= FULL) & (kinds <= LAST)) + at
    none = len(data) if ended else max(at, len(data) - PAGE)
    return next((one for one in places.tolist() if one < none and _fragment(data, one)), none)


def _lost(source: Source, first: int, end: int) -> None:
    """Note a stretch without fragments; the magic number at the file's beginning is none either."""
    first = max(first, len(MAGIC))
    if source.skipped and source.skipped[-1][1] == first:
        first = source.skipped.pop()[0]
    if end > first:
        source.skipped.append((first, end))


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
