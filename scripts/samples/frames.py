"""How the bytes of a log fall into records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from samples.stores import leveldb

Span = tuple[int, int]
LINES = {"boxes": 7, "composer": 2, "keras_console": 2, "ultralytics_console": 4}
"""Formats whose records take several lines, and how many."""


@dataclass(frozen=True)
class Frames:
    """How the bytes of a file fall into records: where they are, and the file without some of them."""

    spans: Callable[[bytes], list[Span]]
    without: Callable[[bytes, set[int]], bytes]
    text: bool = True


def lines(data: bytes, each: int = 1) -> list[Span]:
    """Every `each` lines."""
    ends = [found.end() for found in re.finditer(rb"\n", data)][each - 1 :: each]
    return list(zip([0, *ends], ends, strict=False))


def tfrecords(data: bytes) -> list[Span]:
    """The records of an event file."""
    spans, at = [], 0
    while at < len(data):
        spans.append((at, at + 16 + int.from_bytes(data[at : at + 8], "little")))
        at = spans[-1][1]
    return spans


def wandb_records(data: bytes) -> list[Span]:
    """The records of a .wandb file; of one that crosses a page, its pieces."""
    spans, at = [], 7
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
        end = at + 7 + int.from_bytes(data[at + 4 : at + 6], "little")
        spans.append((at, end))
        at = end
    return spans


def vdl_records(data: bytes) -> list[Span]:
    """The records of VisualDL."""
    spans, at = [], 0
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 8], "little")
        spans.append((at, end))
        at = end
    return spans


def without_wandb(data: bytes, gone: set[int]) -> bytes:
    """A .wandb file written anew."""
    kept, parts = [], b""
    lost = False
    for i, (a, b) in enumerate(wandb_records(data)):
        kind, lost = data[a + 6], lost or i in gone
        parts += data[a + 7 : b]
        if kind in (1, 4):
            kept += [] if lost else [parts]
            parts, lost = b"", False
    return leveldb(kept)


def objects(data: bytes) -> list[Span]:
    """The rows of a `log_history`."""
    return [found.span() for found in re.finditer(rb"\{[^{}]*\}", data)]


def without_objects(data: bytes, gone: set[int]) -> bytes:
    """The document with a shorter history."""
    document = json.loads(data)
    document["log_history"] = [row for i, row in enumerate(document["log_history"]) if i not in gone]
    return json.dumps(document, indent=2).encode()


def joined(spans: Callable[[bytes], list[Span]]) -> Callable[[bytes, set[int]], bytes]:
    """The other records one after the other."""
    return lambda data, gone: b"".join(data[a:b] for i, (a, b) in enumerate(spans(data)) if i not in gone)


def frames(name: str) -> Frames:
    """The records of a format."""
    if name == "wandb":
        return Frames(wandb_records, without_wandb, text=False)
    if "tfevents" in name:
        return Frames(tfrecords, joined(tfrecords), text=False)
    if name == "visualdl":
        return Frames(vdl_records, joined(vdl_records), text=False)
    if name == "hf":
        return Frames(objects, without_objects)
    each = LINES.get(name, 1)
    return Frames(lambda data: lines(data, each), joined(lambda data: lines(data, each)))
