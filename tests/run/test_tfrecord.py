"""TFRecord framing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from optcli.run import tfrecord
from optcli.run.crc32c import crc, masked
from optcli.run.source import Source
from optcli.run.tfrecord import windows


def record(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked(crc(head))) + data + struct.pack("<I", masked(crc(data)))


def payloads(path: Path) -> tuple[list[bytes], Source]:
    source = Source(str(path))
    found = [w.data[a + 12 : a + 12 + n] for w in windows(source) for a, n in zip(w.starts, w.lengths, strict=True)]
    return found, source


@pytest.mark.parametrize("window", [1 << 23, 5000, 300])
def test_cycles_of_lengths_and_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    monkeypatch.setattr(tfrecord, "WINDOW", window)
    data = [b"abc" * (i % 7 + 1) for i in range(3000)]
    data[1500:1500] = [b"stranger" * 9, b""]
    path = tmp_path / "e"
    path.write_bytes(b"".join(map(record, data)))
    found, source = payloads(path)
    assert found == data
    assert source.skipped == []


@pytest.mark.parametrize("at", [0, 700, 1400])
def test_a_broken_header_in_a_cycle(tmp_path: Path, at: int) -> None:
    data = [b"abc" * (i % 3 + 1) for i in range(1401)]
    parts = list(map(record, data))
    first = sum(map(len, parts[:at]))
    whole = bytearray(b"".join(parts))
    whole[first + 2] ^= 1
    path = tmp_path / "e"
    path.write_bytes(whole)
    found, source = payloads(path)
    assert found == data[:at] + data[at + 1 :]
    assert source.skipped == [(first, first + len(parts[at]))]


def test_a_huge_record_is_stepped_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "WINDOW", 4096)
    monkeypatch.setattr(tfrecord, "HUGE", 2048)
    path = tmp_path / "e"
    path.write_bytes(record(b"a") + record(bytes(100_000)) + record(b"b"))
    found, source = payloads(path)
    assert found == [b"a", b"b"]
    assert source.skipped == []
