"""Law of readers that go on where they stopped: a file that grows gives what it gives when it is read as a whole."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from optcli.run import readers
from optcli.run.assemble import read
from optcli.run.block import Unreadable
from optcli.run.curve import Run
from optcli.run.memory import Memory

SCRIPTS = Path(__file__).parents[2] / "scripts"


def script(name: str) -> ModuleType:
    """A module of the scripts folder."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


logs = script("sample_logs")
TRAINING = logs.training(4, 6)


def runs(path: Path, memory: Memory | None = None) -> list[Run] | str:
    try:
        return read(str(path), memory=memory)
    except Unreadable as error:
        return error.reason


def same(found: list[Run] | str, expected: list[Run] | str, where: str) -> None:
    """Curves, roles and notes are equal."""
    assert isinstance(found, str) == isinstance(expected, str), where
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected, where
        return
    assert len(found) == len(expected), where
    for one, other in zip(found, expected, strict=True):
        assert list(one.curves) == list(other.curves), where
        for name, curve in one.curves.items():
            np.testing.assert_array_equal(curve.step, other.curves[name].step, where)
            np.testing.assert_array_equal(curve.value, other.curves[name].value, where)
        told = [(run.roles, run.format, run.planned, run.end, run.seams, run.axis, run.notes) for run in (one, other)]
        assert told[0] == told[1], where


def grow(path: Path, cuts: int, seed: int) -> None:
    """Let every file of a log grow through random cuts, and look at each."""
    draw = random.Random(seed)
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        whole, memory = file.read_bytes(), Memory()
        for end in [*sorted(draw.sample(range(1, len(whole)), min(cuts, len(whole) - 1))), len(whole)]:
            file.write_bytes(whole[:end])
            same(runs(path, memory), runs(path, Memory()), f"{file.name} cut at {end}")


@pytest.mark.parametrize("name", list(logs.WRITERS))
def test_a_growing_log_gives_what_a_whole_one_gives(tmp_path: Path, name: str) -> None:
    grow(logs.WRITERS[name](tmp_path, TRAINING), 12, seed=5)


@pytest.mark.parametrize(
    "record",
    [
        "Epoch {i}\nlr: 0.{i}\ntrain_loss 1.{i}\nval_loss 2.{i}\nval dice: 0.{i}\n",
        "Epoch {i}: closs: 1.{i} L: 2.{i}\n",
        "{i} | loss 1.{i} | lr 0.1\n",
        "Iteration:{i}, train auc : 0.{i}\nIteration:{i}, train loss : 1.{i}\n",
    ],
)
def test_records_of_a_console_that_grows(tmp_path: Path, record: str) -> None:
    log = tmp_path / "log.txt"
    log.write_text("".join(record.format(i=i) for i in range(10, 40)))
    grow(log, 40, seed=3)


@pytest.mark.parametrize("name", ["csv", "jsonl", "journal", "lightning", "step_console", "tfevents", "nanogpt"])
def test_new_bytes_alone_are_read(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = logs.WRITERS[name](tmp_path, logs.training(20, 60))
    file = path if path.is_file() else next(p for p in path.rglob("*") if p.is_file())
    whole, memory, seen = file.read_bytes(), Memory(), list[int]()
    reader = readers.load(read(str(path))[0].format if name == "journal" else _reader(whole, file.name))
    blocks = reader.blocks
    monkeypatch.setattr(reader, "blocks", lambda source, offset=0: (seen.append(offset), blocks(source, offset))[1])
    for end in range(len(whole) // 2, len(whole), len(whole) // 16):
        file.write_bytes(whole[:end])
        read(str(path), memory=memory)
        assert end - seen[-1] < len(whole) // 16 + 400 or len(seen) == 1


def _reader(whole: bytes, name: str) -> str:
    return max(readers.names(), key=lambda one: readers.load(one).sniff(whole[: 1 << 16], name))


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    log, memory = tmp_path / "metrics.csv", Memory()
    rows = "".join(f"{i},{1 / (i + 1)}\n" for i in range(50))
    log.write_text("step,loss\n" + rows)
    assert read(str(log), memory=memory)[0].points == 50
    log.write_text("step,loss,val_loss\n" + "".join(f"{i},{2 / (i + 1)},3\n" for i in range(60)))
    same(runs(log, memory), runs(log), "another header")
    log.write_text("step,loss,val_loss\n" + "".join(f"{i},{4 / (i + 1)},3\n" for i in range(90)))
    same(runs(log, memory), runs(log), "other rows under the same header")
    log.write_text("step,loss,val_loss\n" + rows.replace("\n", ",1\n", 20))
    same(runs(log, memory), runs(log), "shorter")


def test_a_long_file_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optcli.run.memory.MOST", 50)
    log, memory = tmp_path / "log.csv", Memory()
    for rows in (10, 40, 80):
        log.write_text("step,loss\n" + "".join(f"{i},{1 / (i + 1)}\n" for i in range(rows)))
        same(runs(log, memory), runs(log), f"{rows} rows")
    assert not memory._files


def test_a_damaged_stretch_is_told_once(tmp_path: Path) -> None:
    log, memory = tmp_path / "log.jsonl", Memory()
    lines = [f'{{"step": {i}, "loss": {1 / (i + 1)}}}\n' for i in range(60)]
    lines[7] = '{"step": 7, "lo\0\n'
    for end in (20, 40, 60):
        log.write_text("".join(lines[:end]))
        same(runs(log, memory), runs(log), f"{end} rows")
