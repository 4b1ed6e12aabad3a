"""Logs behind an encoding: gzip (`log.csv.gz`) and UTF-16 (Excel's "Unicode text") as a stream of plain bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

Decoder = Callable[[Iterable[bytes]], Iterator[bytes]]
PIECE: Final = 1 << 20
"""Bytes that one step of unpacking may give, however well they were packed."""


def decoder(head: bytes) -> Decoder | None:
    """What turns a file that begins like this into plain bytes; None where it is plain."""
    if head.startswith(b"\x1f\x8b\x08"):
        return gunzip
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return from_utf16
    return None


def gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a gzip file; of one that is cut short or damaged, what stands before the damage."""
    import zlib

    inflate = zlib.decompressobj(31)
    try:
        for chunk in chunks:
            while chunk:
                yield inflate.decompress(chunk, PIECE)
                chunk = inflate.unconsumed_tail
                if inflate.eof:
                    chunk = inflate.unused_data.lstrip(b"\0")
                    inflate = zlib.decompressobj(31)
    except zlib.error:
        return


def from_utf16(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-16 with a byte order mark as UTF-8."""
    import codecs

    decode = codecs.getincrementaldecoder("utf-16")("replace").decode
    for chunk in chunks:
        yield decode(chunk).encode("utf-8", "replace")
