"""The event message; its encodings of scalars are tested with the reader."""

from __future__ import annotations

import struct

import pytest

from optcli.run.tfevent import event
from optcli.run.wire import Malformed


def test_a_step_may_be_negative() -> None:
    found = event(b"\x09" + struct.pack("<d", 2.0) + b"\x10" + b"\xfb" + b"\xff" * 8 + b"\x01")
    assert (found.step, found.wall_at, found.step_at) == (-5, 1, (10, 20))
    assert found.scalars == []


def test_sessions() -> None:
    assert event(b"\x3a\x02\x08\x01").start
    assert not event(b"\x3a\x02\x08\x02").start


@pytest.mark.parametrize("data", [b"\x2a\x09\x0a", b"\xff", b"\x2a\x03\x0a\x05x"])
def test_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        event(data)
