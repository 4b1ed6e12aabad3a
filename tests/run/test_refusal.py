"""Files that are refused are called by their name."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.block import Unreadable
from optcli.run.refusal import UNKNOWN, reason


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PAR1" + bytes(40), "Parquet"),
        (b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml", "Excel"),
        (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl", "PyTorch checkpoint"),
        (b"PK\x03\x04" + bytes(40), "zip archive"),
        (b"\x80\x04\x95" + bytes(40), "pickle"),
        (b"0,2.3,2.4\n1,1.9,2.0\n", "header line"),  # too few to tell
        (b"2.3\n1.9,4\n1.2e-3\nnan\n", "header line"),
        (b"(0, 2.3)\n(1, 1.9)\n", "header line"),
    ],
)
def test_reasons(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=what):
        read(str(path))


def test_anything_else() -> None:
    assert reason(b"some words\nand more\n") == UNKNOWN
