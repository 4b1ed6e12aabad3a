"""VisualDL's records, which no checksum guards."""

from __future__ import annotations

import importlib.util
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run
from optcli.run.readers import load, visualdl
from optcli.run.source import Source

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
assert importlib.util.find_spec("samples.stores")
from samples.stores import field, varint, visualdl_record  # noqa: E402

LOSS = [visualdl_record("train/loss", 1 / (step + 1), step, 5000 + 1000 * step) for step in range(40)]


def written(tmp_path: Path, *records: bytes) -> Path:
    path = tmp_path / "vdlrecords.1.log"
    path.write_bytes(b"".join(records))
    return path


def run(tmp_path: Path, *records: bytes) -> Run:
    return read(str(written(tmp_path, *records)))[0]


def test_values_steps_and_times(tmp_path: Path) -> None:
    found = run(tmp_path, *LOSS, visualdl_record("eval/acc", 0.5, 39, 45_000))
    assert found.format == "visualdl"
    assert found.roles == {"train/loss": "train/loss", "val/accuracy": "eval/acc"}
    curve = found.curves["train/loss"]
    assert curve.step.tolist() == list(range(40))
    np.testing.assert_array_equal(curve.value, np.float32(1) / np.arange(1, 41, dtype=np.float32))
    assert curve.time is not None
    assert np.diff(curve.time).tolist() == [1.0] * 39


def test_what_is_no_scalar_is_passed_over(tmp_path: Path) -> None:
    """A picture whose bytes hold a record, a text, and a value without a name."""
    picture = field(1, field(2, b"seen") + field(5, bytes(9) + LOSS[3] + b"\0\0\0\0\0\n"))
    nameless = field(1, b"\x25" + struct.pack("<f", 1.0))
    others = [struct.pack("<Q", len(data)) + data for data in (picture, nameless)]
    found = run(tmp_path, *LOSS[:20], *others, *LOSS[20:])
    assert found.curves["train/loss"].step.tolist() == list(range(40))
    assert found.notes == ()


@pytest.mark.parametrize("step", [-1, 1 << 40])
def test_steps_of_any_size(tmp_path: Path, step: int) -> None:
    path = written(tmp_path, visualdl_record("loss", 2.0, step, 1))
    (block,) = visualdl.blocks(Source(str(path)))
    assert block.columns["loss"].step.tolist() == [float(step)]


@pytest.mark.parametrize("damage", [b"", b"\xff" * 9, bytes(30)], ids=["half", "ones", "zeros"])
def test_damage_costs_what_it_fell_into(tmp_path: Path, damage: bytes) -> None:
    path = written(tmp_path, *LOSS[:10], LOSS[10][:-6], damage, *LOSS[11:])
    source = Source(str(path))
    steps = [one for block in visualdl.blocks(source) for one in block.columns["train/loss"].step.tolist()]
    assert steps == [*range(10), *range(11, 40)]
    begin = len(b"".join(LOSS[:10]))
    assert source.skipped == [(begin, begin + len(LOSS[10]) - 6 + len(damage))]


def test_a_file_that_grows(tmp_path: Path) -> None:
    whole = b"".join(LOSS)
    path = written(tmp_path, whole[:500])
    *_, last = visualdl.blocks(Source(str(path)))
    assert last.torn
    assert "the last record, from byte" in last.notes[0].message
    path.write_bytes(whole)
    later = [s for b in visualdl.blocks(Source(str(path)), last.end_offset) for s in b.columns["train/loss"].step]
    assert later == list(range(40 - len(later), 40))
    assert 0 < len(later) < 40


def test_chunks_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, *LOSS)
    for size in (1, 7, 33, 64):
        source = Source(str(path))
        monkeypatch.setattr(source, "chunks", lambda offset, s=source, n=size: s._bytes(offset, n))
        steps = [s for block in visualdl.blocks(source) for c in block.columns.values() for s in c.step]
        assert steps == list(range(40))
        assert source.skipped == []


def test_a_run_of_several_files_is_one(tmp_path: Path) -> None:
    for name, part in (("vdlrecords.1.log", LOSS[:20]), ("vdlrecords.2.log", LOSS[20:])):
        (tmp_path / name).write_bytes(b"".join(part))
    (found,) = read(str(tmp_path))
    assert found.curves["train/loss"].step.tolist() == list(range(40))


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (LOSS[0], 0.97),
        (LOSS[0][:12], 0.2),
        (struct.pack("<Q", 9) + b"\n" + varint(3) + bytes(3), 0.0),
        (struct.pack("<Q", 5) + b"\n" + varint(3) + bytes(3), 0.2),
        (b"\n" * 40, 0.0),
    ],
)
def test_who_is_sure(head: bytes, sure: float) -> None:
    assert load("visualdl").sniff(head, "vdlrecords.1.log") == sure
