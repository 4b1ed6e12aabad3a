"""Logs as streams of bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from optcli.run.block import Unreadable
from optcli.run.source import HEAD, Source, open_regular


def test_lines_come_whole_with_their_offsets(tmp_path: Path) -> None:
    data = b"".join(b"%d\n" % i for i in range(1000)) + b"torn"
    path = tmp_path / "log"
    path.write_bytes(data)
    pieces = list(Source(str(path)).lines(size=97))
    assert b"".join(piece for _, piece in pieces) == data
    assert all(data[at : at + len(piece)] == piece for at, piece in pieces)
    assert all(piece.endswith(b"\n") for _, piece in pieces[:-1])
    assert pieces[-1][1] == b"torn"
    assert b"".join(piece for _, piece in Source(str(path)).lines(10)) == data[10:]


def test_an_endless_line_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optcli.run.source.LONGEST_LINE", 100)
    path = tmp_path / "log"
    path.write_bytes(b"a\n" + b"x" * 500 + b"\nb\n")
    source = Source(str(path))
    assert b"".join(piece for _, piece in source.lines(size=50)).endswith(b"\nb\n")
    assert source.skipped


def test_a_document_has_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "doc"
    path.write_bytes(bytes(3 << 20))
    with pytest.raises(Unreadable, match="more than 2 MiB"):
        Source(str(path)).read(2 << 20)


def test_the_middle_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"preamble\n" * (HEAD // 4) + b"progress\n" * HEAD)
    assert Source(str(path)).middle().startswith(b"progress\n")
    path.write_bytes(b"short\n")
    assert Source(str(path)).middle() == b""


def test_only_regular_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), "/dev/zero", str(tmp_path)):
        with pytest.raises(Unreadable, match="not a regular file"):
            open_regular(path)


def test_reading_never_waits(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("x")
    with open_regular(str(tmp_path / "log")) as file:
        assert not os.get_blocking(file.fileno())
