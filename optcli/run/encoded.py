"""Logs behind an encoding: gzip (`log.csv.gz`) and UTF-16 (Excel's "Unicode text") as a stream of plain bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

FOREIGN: Final = 0.2
"""Share of bytes that are no text from which on a file is none; a damaged log has a few."""
_CONTROL: Final = bytes(set(range(32)) - set(b"\t\n\f\r\x1b\b"))
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


def binary(head: bytes) -> bool:
    """Whether a file that begins like this is no text. Runs of NUL don't count: a crash leaves them in a log."""
    text = head[:4096].replace(b"\0", b"")
    odd = text.decode("utf-8", "replace").count("\ufffd") + len(text) - len(text.translate(None, _CONTROL))
    return odd > FOREIGN * len(text)


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
