"""What was read of files that still grow, so that a look at a longer one costs the new bytes only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from optcli.run.block import Block, Reader
from optcli.run.source import Source, open_regular

MOST: Final = 4_000_000
"""Values of a file that are kept (some 100 MB); a longer one is read as a whole each time."""
TAIL: Final = 4096
"""Bytes before the place to read on from that must be what they were: a file may have been written anew."""


@dataclass(eq=False)
class _File:
    """How far a file was read, and what it gave."""

    reader: Reader
    inode: int
    head: bytes
    offset: int = 0
    tail: bytes = b""
    blocks: list[Block] = field(default_factory=list)
    values: int = 0
    skipped: list[tuple[int, int]] = field(default_factory=list)
    state: Any = None

    def add(self, block: Block) -> None:
        """Keep a block, unless it is to be read again or says what the last one said."""
        if block.torn or (self.blocks and _said(block) is not None and _said(block) == _said(self.blocks[-1])):
            return
        self.blocks.append(block)
        self.values += max(block.rows, 1) * len(block.columns)
        self.offset = max(self.offset, block.end_offset)


class Memory:
    """Reads files again and again."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    def blocks(self, reader: Reader, source: Source) -> Iterator[Block]:
        """What `reader.blocks(source)` gives; what is known of the file is not read again."""
        if not getattr(reader, "GROWS", False) or source.streamed:
            yield from reader.blocks(source)
            return
        known = self._known(reader, source)
        source.state, source.skipped = known.state, list(known.skipped)
        # Whoever breaks off leaves a reader's state that belongs to no offset.
        del self._files[source.path]
        yield from known.blocks
        for block in reader.blocks(source, known.offset):
            known.add(block)
            yield block
        if not source.whole and known.values <= MOST:
            known.state, known.tail = source.state, _before(source.path, known.offset)
            known.skipped = [(first, end) for first, end in source.skipped if end <= known.offset]
            self._files[source.path] = known

    def _known(self, reader: Reader, source: Source) -> _File:
        """What there is of this very file; nothing of one that is not what it was, but for its length."""
        inode, head = os.stat(source.path).st_ino, source.head()
        known = self._files.get(source.path)
        if known is None or not (
            known.reader is reader
            and known.inode == inode
            and head.startswith(known.head)
            and _before(source.path, known.offset) == known.tail
        ):
            known = self._files[source.path] = _File(reader, inode, head)
        known.head = head
        return known


def _said(block: Block) -> tuple[Any, ...] | None:
    """What a block without numbers says of the run, as far as it is said at each look."""
    if block.columns or block.cut or block.config or block.notes or block.restarts or block.seams or block.roles:
        return None
    return block.format, block.axis, block.planned, block.epochs, block.per_epoch, block.end


def _before(path: str, offset: int) -> bytes:
    """The last bytes before a place."""
    with open_regular(path) as file:
        file.seek(max(0, offset - TAIL))
        return file.read(min(TAIL, offset))
