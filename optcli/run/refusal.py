"""Plain words for files that no reader knows: what they are, and what to give instead."""

from __future__ import annotations

import re
from typing import Final

MAGIC: Final = (
    (b"PAR1", "a Parquet file: save it as CSV first"),
    (b"\x93NUMPY", "a NumPy array: save it as CSV with a header first"),
    (b"\x89HDF", "an HDF5 file (weights, as a rule), not a log"),
    (b"SQLite format 3", "a database of a kind that is not known"),
    (b"\x80\x02", "a pickle (a checkpoint, as a rule), which is never opened: save the curves as CSV or JSON"),
    (b"\x80\x04", "a pickle (a checkpoint, as a rule), which is never opened: save the curves as CSV or JSON"),
    (b"\x80\x05", "a pickle (a checkpoint, as a rule), which is never opened: save the curves as CSV or JSON"),
    (b"BZh", "packed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "packed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it first"),
    (b"\x89PNG", "a picture, not a log"),
    (b"%PDF", "a PDF document, not a log"),
)
"""First bytes -> what the file is."""
UNKNOWN: Final = "not a log format that is known"
_ROW: Final = re.compile(rb"[\s,;|()\[\]]*(?:[+-]?[\d.]+(?:[eE][+-]?\d+)?|nan|inf)(?:[\s,;|()\[\]]+|$)", re.I)


def reason(head: bytes) -> str:
    """Why a file that begins like this is refused."""
    for magic, what in MAGIC:
        if head.startswith(magic):
            return what
    if head.startswith(b"PK\x03\x04"):
        return _zip(head)
    lines = [line for line in head.split(b"\n")[:20] if line.strip()]
    if lines and all(_numbers(line) for line in lines):
        return "numbers without names: put a header line such as `step,loss` above them"
    return UNKNOWN


def _zip(head: bytes) -> str:
    if b"xl/" in head or b"[Content_Types].xml" in head:
        return "an Excel workbook: save the sheet as CSV first"
    if b"/data.pkl" in head:
        return "a PyTorch checkpoint, not a log"
    return "a zip archive: unpack it first"


def _numbers(line: bytes) -> bool:
    return len(line) < 2000 and not _ROW.sub(b"", line).strip()
