"""Packed and UTF-16 logs read like plain ones."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.encoded import binary, decoder, gunzip
from optcli.run.source import Source

TEXT = "step,loss\n" + "".join(f"{i},{1 / (i + 1):.4f}\n" for i in range(3000))


@pytest.mark.parametrize(
    "data", [gzip.compress(TEXT.encode()), TEXT.encode("utf-16"), b"\xfe\xff" + TEXT.encode("utf-16-be")]
)
def test_the_same_bytes_from_any_offset(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(data)
    assert b"".join(Source(str(path)).chunks(size=101)) == TEXT.encode()
    assert b"".join(Source(str(path)).chunks(7000, size=101)) == TEXT.encode()[7000:]
    assert Source(str(path)).size is None
    assert len(read(str(path))[0].curves["train/loss"]) == 3000


def test_a_packed_log_in_a_directory(tmp_path: Path) -> None:
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "weights.pt.gz").write_bytes(gzip.compress(b"step,loss\n1,2\n"))
    assert [run.source for run in read(str(tmp_path))] == [str(tmp_path / "log.csv.gz")]


def test_a_packed_log_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(gzip.compress(TEXT.encode()))

    monkeypatch.setattr(sys, "stdin", Stdin())
    assert len(read("-")[0].curves["train/loss"]) == 3000


def test_a_torn_archive_gives_what_is_whole() -> None:
    packed = gzip.compress(bytes(range(256)) * 4000)
    found = b"".join(gunzip([packed[: len(packed) // 2]]))
    assert found == (bytes(range(256)) * 4000)[: len(found)]
    assert len(found) > 256
    assert b"".join(gunzip([b"\x1f\x8b\x08" + b"damage" * 9])) == b""


def test_members_one_after_the_other() -> None:
    packed = gzip.compress(b"first\n") + gzip.compress(b"second\n")
    assert b"".join(gunzip(packed[i : i + 5] for i in range(0, len(packed), 5))) == b"first\nsecond\n"


def test_plain_files_are_left_alone() -> None:
    assert decoder(b"step,loss\n") is None


def test_a_damaged_text_is_a_text_still() -> None:
    line = b"step,loss\n" * 100
    assert not binary(line + bytes(3000) + line)
    assert not binary(line + bytes(range(128, 256)) + line)
    assert not binary("\u00e9\u4e2d\n".encode() * 100)
    assert not binary(b"")
    assert binary(bytes(range(256)) * 9)
