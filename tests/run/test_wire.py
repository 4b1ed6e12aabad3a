"""The protobuf wire format."""

from __future__ import annotations

import pytest

from optcli.run.wire import Malformed, fields, varint


def test_varints() -> None:
    assert varint(b"\x00", 0, 1) == (0, 1)
    assert varint(b"\xac\x02", 0, 2) == (300, 2)
    assert varint(b"\xff" * 9 + b"\x01", 0, 10) == ((1 << 64) - 1, 10)
    for data in (b"", b"\x80", b"\x80" * 12):
        with pytest.raises(Malformed):
            varint(data, 0, len(data))


def test_fields_of_all_kinds() -> None:
    data = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x1d1234" + b"\x2112345678"
    assert [(n, w, data[a:b]) for n, w, a, b in fields(data, 0, len(data))] == [
        (1, 0, b"\x96\x01"), (2, 2, b"hi"), (3, 5, b"1234"), (4, 1, b"12345678"),
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"\x12\x05hi", b"\x0b", b"\x1d12", b"\x08\x80"])
def test_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        list(fields(data, 0, len(data)))
