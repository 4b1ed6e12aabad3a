"""CRC-32C against published vectors and against itself."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from optcli.run.crc32c import crc, masked, masked_like, next_header, of_length


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_vectors_of_rfc_3720(data: bytes, value: int) -> None:
    assert crc(data) == value


def test_many_at_once_equal_one_by_one() -> None:
    draw = random.Random(0)
    pattern = draw.randbytes(41)
    varying = [1, 2, 7, 8, 30, 40]
    rows = np.tile(np.frombuffer(pattern, np.uint8), (50, 1))
    rows[:, varying] = np.array([[draw.randrange(256) for _ in varying] for _ in range(50)], np.uint8)
    assert masked_like(pattern, rows, varying).tolist() == [masked(crc(row.tobytes())) for row in rows]


def test_a_header_is_found_behind_garbage() -> None:
    head = struct.pack("<QI", 77, of_length(77))
    noise = random.Random(1).randbytes(70_000)
    assert next_header(noise + head + noise, 0, 1 << 20) == 70_000
    assert next_header(noise + head, 70_001, 1 << 20) == -1
    assert next_header(noise + head, 0, 70) == -1
    assert next_header(b"", 0, 9) == -1


def test_a_header_behind_padding() -> None:
    header = b"\x20" + bytes(7) + of_length(32).to_bytes(4, "little")
    assert next_header(bytes(70_000) + header + bytes(40), 0, 1 << 20) == 70_000
