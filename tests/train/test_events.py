"""TensorBoard reads what is written, and a resumed run shows no point twice."""

import logging
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.train import events
from optcli.train.events import Events, crc32c

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def rows(first: int, last: int) -> list[dict[str, Any]]:
    return [{"step": n, "train/loss": 1 / n, "lr": 1e-3, "clock": {"t": n / 8, "mib": 3}} for n in range(first, last)]


def read(directory: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows: tag -> (step, value)."""
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    loaded = accumulator.EventAccumulator(str(directory), size_guidance={"scalars": 0}).Reload()
    return {tag: [(p.step, p.value) for p in loaded.Scalars(tag)] for tag in loaded.Tags()["scalars"]}


def test_the_checksum_is_castagnolis() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # check value of CRC-32C
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


def test_all_rows_are_read_by_tensorboard(tmp_path: Path) -> None:
    writer = Events(tmp_path, began=1e9)
    written = rows(1, 1300) + rows(16380, 16390) + rows(2**40, 2**40 + 2)
    for begin in range(0, len(written), 100):
        writer.rows(written[begin : begin + 100])
    writer.rows([{"step": 1299, "val/loss": 0.5, "val/accuracy": 1}])
    writer.close()
    shown = read(tmp_path)
    assert [step for step, _ in shown["train/loss"]] == [row["step"] for row in written]
    assert np.array_equal([v for _, v in shown["train/loss"]], np.float32([row["train/loss"] for row in written]))
    assert shown["val/loss"] == [(1299, 0.5)]
    assert shown["val/accuracy"] == [(1299, 1.0)]
    loaded = accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert loaded.Scalars("train/loss")[0].wall_time == pytest.approx(1e9 + 1 / 8)


numbers = st.one_of(st.floats(), st.integers(-5, 5), st.none(), st.text(max_size=2), st.booleans())
row_of_any_kind = st.builds(
    lambda step, fields, clock: {"step": step, **fields, **clock},
    st.integers(0, 2**53),
    st.dictionaries(st.sampled_from(["a", "b/c", "ü", "d" * 200, ""]), numbers),
    st.sampled_from([{}, {"clock": {"t": 2.0}}, {"clock": {}}, {"clock": None}, {"clock": {"t": None}}]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(row_of_any_kind, max_size=12))
def test_the_numbers_of_any_row_become_records_that_are_intact(tmp_path_factory: Any, given_rows: list[Any]) -> None:
    from tensorboard.compat.proto.event_pb2 import Event

    path = tmp_path_factory.mktemp("tb")
    writer = Events(path)
    writer.rows(given_rows)
    writer.close()
    read_back = [Event.FromString(body) for body in records(writer.path.read_bytes())][1:]
    got = [(e.step, v.tag, v.simple_value) for e in read_back for v in e.summary.value]
    with np.errstate(over="ignore"):
        expected = [
            (row["step"], name, float(np.float32(value)))
            for row in given_rows
            for name, value in row.items()
            if name not in ("step", "clock") and isinstance(value, int | float) and not isinstance(value, bool)
        ]
    assert [(s, n, repr(v)) for s, n, v in got] == [(s, n, repr(v)) for s, n, v in expected]


def test_a_value_that_is_missing_first_is_not_lost_later(tmp_path: Any) -> None:
    from tensorboard.compat.proto.event_pb2 import Event

    writer = Events(tmp_path)
    writer.rows([{"step": 1, "a": 1.0, "b": None}, {"step": 2, "a": 2.0, "b": 3.0}])
    writer.close()
    read_back = [Event.FromString(body) for body in records(writer.path.read_bytes())][1:]
    assert [(e.step, v.tag) for e in read_back for v in e.summary.value] == [(1, "a"), (2, "a"), (2, "b")]


def records(data: bytes) -> list[bytes]:
    """The bodies of a TFRecord file, every checksum verified one by one."""
    bodies = []
    while data:
        size = int.from_bytes(data[:8], "little")
        assert data[8:12] == events._masked_bytes(crc32c(data[:8]))
        bodies.append(data[12 : 12 + size])
        assert data[12 + size : 16 + size] == events._masked_bytes(crc32c(bodies[-1]))
        data = data[16 + size :]
    return bodies


def test_a_resumed_run_shows_no_point_twice(tmp_path: Path) -> None:
    first = Events(tmp_path)
    first.rows([{"step": n, "train/loss": 1.0} for n in range(1, 9)])
    first.close()
    second = Events(tmp_path, first=5)
    second.rows([{"step": n, "train/loss": 2.0} for n in range(5, 11)])
    second.close()
    assert read(tmp_path)["train/loss"] == [(n, 1.0 if n < 5 else 2.0) for n in range(1, 11)]


def test_a_roll_back_shows_no_point_twice(tmp_path: Path) -> None:
    writer = Events(tmp_path)
    writer.rows([{"step": n, "train/loss": 1.0} for n in range(1, 9)])
    writer.go_on(5)
    writer.rows([{"step": n, "train/loss": 2.0} for n in range(5, 7)])
    writer.close()
    assert read(tmp_path)["train/loss"] == [(n, 1.0 if n < 5 else 2.0) for n in range(1, 7)]


def test_a_new_session_comes_last_even_if_the_clock_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for now in (2e9, 1e9, 1e9):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        writer = Events(tmp_path)
        writer.close()
        names.append(writer.path.name)
    assert sorted(os.listdir(tmp_path)) == names


def test_few_rows_wait_until_they_are_flushed(tmp_path: Path) -> None:
    writer = Events(tmp_path)
    empty = writer.path.stat().st_size
    writer.rows(rows(1, 5))
    assert writer.path.stat().st_size == empty
    writer.flush()
    assert writer.path.stat().st_size > empty
    writer.close()


def test_an_impossible_place_does_not_stop_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tb").write_text("a file")
    writer = Events(tmp_path / "tb")
    writer.rows(rows(1, 2000))
    writer.close()
    assert capsys.readouterr().err.count("warning:") == 1
