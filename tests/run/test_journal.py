"""The journal: strict JSON, exact numbers, cut to the checkpoint, and never a reason to stop training."""

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.run import strict_json
from optcli.run.journal import Journal

CLOCK = {"t": 1.5, "step_us": 812, "mib": 431}


def row(step: int, **more: Any) -> dict[str, Any]:
    return {"step": step, "epoch": 0, "train/loss": 1 / step, "lr": 1e-3, **more, "clock": {**CLOCK, "t": step / 7}}


def read(path: Path) -> list[dict[str, Any]]:
    """Every line, by a parser that refuses NaN and Infinity."""
    text = path.read_bytes()
    assert text.endswith(b"\n") or not text
    return [strict_json.loads(line) for line in text.splitlines()]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.start(500)
    journal.rows([row(1), row(2), {"step": 2, "val/loss": 0.5}])
    journal.event("finding", code="OPT101", at=2)
    journal.close()
    assert read(journal.path) == [
        {"event": "start", "version": 1, "planned": 500},
        row(1),
        row(2),
        {"step": 2, "val/loss": 0.5},
        {"event": "finding", "code": "OPT101", "at": 2},
    ]


def test_lines_look_as_json_writes_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    rows = [row(3), row(10**6, **{"100 % of äpfel": -0.0, 'q"\\\n': 1e300})]
    journal.rows(rows)
    assert journal.path.read_text().splitlines() == [json.dumps(r) for r in rows]


values = st.one_of(
    st.floats(), st.integers(-(2**70), 2**70), st.none(), st.booleans(), st.text(max_size=3),
    st.floats(width=32).map(np.float32), st.floats().map(np.float64), st.integers(0, 9).map(np.int64),
)  # fmt: skip


def plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def spelled(value: Any) -> Any:
    """A number by its bits."""
    return struct.pack(">d", value) if isinstance(value, float) else (type(value), value)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.dictionaries(st.text(max_size=4), values, max_size=5)), max_size=6))
def test_every_value_parses_strictly_and_comes_back(tmp_path_factory: Any, drawn: list[Any]) -> None:
    rows = [{**fields, "clock": {"t": 0.5, "x": 1}} if clock else fields for clock, fields in drawn]
    rows = [{k: v for k, v in r.items() if k != "nonfinite"} for r in rows]
    path = tmp_path_factory.mktemp("j") / "journal"
    journal = Journal(path)
    journal.rows(rows)
    journal.close()
    for written, given_row in zip(read(path) if rows else [], rows, strict=True):
        lost = written.pop("nonfinite", {})
        assert list(written) == list(given_row)
        for name, value in given_row.items():
            if name == "clock" and isinstance(value, dict):
                assert written[name] == value
            elif name in lost:
                assert written[name] is None
                assert repr(plain(value)) == lost[name]
            else:
                assert spelled(written[name]) == spelled(plain(value))


def test_what_is_not_finite_is_null_and_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    bad = {"a": float("nan"), "b": float("inf"), "c": float("-inf"), "clock": {"t": float("nan")}}
    journal.rows([{"step": 1, "a": 0.5, "b": 1.0, "c": 2.0, "clock": {"t": 0.0}}, {"step": 2, **bad}])
    first, second = read(journal.path)
    assert "nonfinite" not in first
    assert second["nonfinite"] == {"a": "nan", "b": "inf", "c": "-inf", "clock.t": "nan"}
    assert [second[k] for k in ("a", "b", "c", "clock")] == [None, None, None, {"t": None}]


def test_rows_whose_clocks_differ_in_their_names(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    rows = [{"step": 1, "clock": {"t": 1.0}}, {"step": 2, "clock": {"u": 1.0}}, {"step": 3, "clock": None}]
    journal.rows(rows)
    assert read(journal.path) == rows


# Resume


def filled(path: Path) -> Journal:
    """Steps 1 to 10, checkpoints announced at 4 and 8, a finding that was made after the first of them."""
    journal = Journal(path)
    journal.start(20)
    journal.rows([row(n) for n in range(1, 5)])
    journal.event("checkpoint", step=4)
    journal.event("finding", code="OPT101", step=3)
    journal.rows([row(n) for n in range(5, 9)])
    journal.rows([{"step": 8, "val/loss": 0.1}])
    journal.event("checkpoint", step=8)
    journal.rows([row(9), row(10)])
    return journal


def test_a_resumed_journal_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole")
    whole.close()
    journal = filled(tmp_path / "cut")
    assert journal.cut(4) == 9
    journal.event("finding", code="OPT101", step=3)
    journal.rows([row(n) for n in range(5, 9)])
    journal.rows([{"step": 8, "val/loss": 0.1}])
    journal.event("checkpoint", step=8)
    journal.rows([row(9), row(10)])
    assert journal.path.read_bytes() == whole.path.read_bytes()


def test_a_cut_at_the_newest_checkpoint_keeps_it(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j")
    journal.event("end", status="stopped")
    assert journal.cut(8) == 3
    assert read(journal.path)[-1] == {"event": "checkpoint", "step": 8}
    assert journal.cut(8) == 0


def test_a_cut_without_an_announcement_keeps_the_steps_before(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j")
    journal.cut(6)
    assert [r.get("step") for r in read(journal.path)] == [None, 1, 2, 3, 4, 4, 3, 5, 6]
    journal.event("end", step=6, status="stopped")
    journal.cut(6)
    assert read(journal.path)[-1] == row(6)
    journal.cut(0)
    assert read(journal.path) == [{"event": "start", "version": 1, "planned": 20}]


def test_what_came_of_going_on_from_a_signals_checkpoint_goes_with_the_cut(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j")
    for again in (
        [{"step": 10, "val/loss": 0.1}],
        [{"step": 10, "val/loss": 0.1}, {"event": "checkpoint", "step": 10}],
        [{"event": "rollback", "step": 10, "bad": 11}],
    ):
        for record in again:
            journal.event(**record) if "event" in record else journal.rows([record])
        journal.rows([row(11)])
        assert journal.cut(10, announced=False) == len(again) + 1
        assert read(journal.path)[-1] == row(10)
    journal.event("rollback", step=0, bad=1)
    journal.cut(0, announced=False)
    assert read(journal.path) == [{"event": "start", "version": 1, "planned": 20}]


def test_a_rolled_back_history_is_kept(tmp_path: Path) -> None:
    """Steps that were taken twice, before a checkpoint, stay as they were logged."""
    journal = filled(tmp_path / "j")
    journal.rows([row(n) for n in range(5, 9)])
    journal.event("checkpoint", step=8)
    before = journal.path.read_bytes()
    journal.rows([row(9)])
    journal.cut(8)
    assert journal.path.read_bytes() == before


def test_a_kill_at_any_byte_leaves_a_journal_that_goes_on(tmp_path: Path) -> None:
    journal = filled(tmp_path / "whole")
    journal.close()
    whole = journal.path.read_bytes()
    announced = whole.index(b'"checkpoint", "step": 4}\n') + len(b'"checkpoint", "step": 4}\n')
    for size in range(announced, len(whole), 3):
        path = tmp_path / "torn"
        path.write_bytes(whole[:size])
        torn = Journal(path)
        assert path.read_bytes() == whole[: whole[:size].rindex(b"\n") + 1]
        torn.cut(4)
        torn.rows([row(5)])
        torn.close()
        assert [r["step"] for r in read(path) if "train/loss" in r] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "garbage", [b"\0" * 4096 + b"\n", b"{\n", b"[1]\n", b'{"a": NaN}\n', b"\xff\xfe\n", b"[" * 10**5 + b"\n"]
)
def test_garbage_within_is_taken_out(tmp_path: Path, garbage: bytes) -> None:
    journal = filled(tmp_path / "j")
    journal.close()
    clean = journal.path.read_bytes()
    first, rest = clean.split(b"\n", 1)
    journal.path.write_bytes(first + b"\n" + garbage + rest)
    journal = Journal(journal.path)
    journal.cut(8)
    assert clean.startswith(journal.path.read_bytes())
    assert len(read(journal.path)) == 13


def test_a_file_that_is_one_torn_line_becomes_empty(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"x" * 200_000)
    journal = Journal(tmp_path / "j")
    journal.rows([row(1)])
    assert read(journal.path) == [row(1)]


def test_cutting_what_is_not_there_does_nothing(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").cut(5) == 0
    assert not (tmp_path / "none").exists()


def test_an_announced_checkpoint_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    journal = Journal(tmp_path / "j")
    journal.rows([row(1)])
    assert not synced
    journal.event("checkpoint", step=1)
    assert len(synced) == 1


# A log that can't be written


def test_a_failing_write_warns_once_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(tmp_path / "j")
    journal.rows([row(1)])
    real, room = os.write, [10, 0, 0]

    def full(handle: int, data: Any) -> int:
        """A disk with room for ten bytes more, then for none, then for all."""
        if not room:
            return real(handle, data)
        if (left := room.pop(0)) == 0:
            raise OSError(28, "No space left on device")
        return real(handle, bytes(data)[:left])

    monkeypatch.setattr(os, "write", full)
    for n in range(2, 6):
        journal.rows([row(n)])
    journal.close()
    assert read(journal.path) == [row(n) for n in range(1, 6)]
    warned = capsys.readouterr().err
    assert warned.count("warning:") == 1
    assert "no space left on device" in warned


def test_a_log_in_an_impossible_place_does_not_stop_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(tmp_path / "missing" / "j")
    journal.rows([row(1)])
    (tmp_path / "missing").mkdir()
    journal.rows([row(2)])
    assert read(journal.path) == [row(1), row(2)]
    assert capsys.readouterr().err.count("warning:") == 1


def test_what_waits_is_bounded_and_whole_lines_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optcli.run.files import Appender

    log = Appender(tmp_path / "log", limit=1000)
    log.write(b"first\nsecond, torn\n")
    real, torn = os.write, [True]

    def full(handle: int, data: Any) -> int:
        if torn.pop() if torn else False:
            return real(handle, bytes(data)[:4])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for n in range(500):
        assert not log.write(b"line %d\n" % n)
    monkeypatch.setattr(os, "write", real)
    assert log.write(b"last\n")
    lines = log.path.read_bytes().splitlines()
    assert lines[:3] == [b"first", b"second, torn", b"line 0"]
    assert lines[-2:] == [b"line 499", b"last"]
    numbers = [int(line.split()[1]) for line in lines[3:-1]]
    assert numbers == list(range(numbers[0], 500))
    assert log.lost == 500 - 1 - len(numbers)
