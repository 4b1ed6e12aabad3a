"""Blocks to columns of points."""

from __future__ import annotations

from pathlib import Path

from optcli.run import notes
from optcli.run.block import Block, Column, series, table
from optcli.run.collect import Log
from optcli.run.curve import read_only
from optcli.run.source import Source


def test_tables_are_put_below_each_other() -> None:
    log = Log("x")
    log.add(table([{"step": 1.0, "loss": 5.0}, {"step": 2.0}], planned=9), "f")
    log.add(table([{"step": 3.0, "loss": 6.0, "lr": 0.1}], config={"a": 1}), "f")
    found = log.columns()
    assert found["loss"].step.tolist() == [1, 3]
    assert found["lr"].order.tolist() == [2]
    assert (log.planned, log.config, log.kind) == (9, {"a": 1}, "step")


def test_places_in_a_second_file_come_after_the_first(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("x")
    log = Log("x")
    for _ in range(2):
        log.add(Block({"loss": Column(read_only([1, 2]), read_only([10, 20]), read_only([0, 1]))}), "f")
        log.end_file(Source(str(path)))
    order = log.columns()["loss"].order
    assert (order[1:] > order[:-1]).all()


def test_damage_is_told_once(tmp_path: Path) -> None:
    source = Source(str(tmp_path / "f"))
    source.skipped = [(i, i + 2) for i in range(0, 100, 4)]
    log = Log("x")
    log.end_file(source)
    log.end_file(source)
    assert [note.code for note in log.notes] == [notes.DAMAGED]
    assert "25 damaged stretches (50 bytes)" in log.notes[0].message
    assert "and 5 more" in log.notes[0].message


def test_series_keep_their_own_steps() -> None:
    log = Log("x")
    log.add(Block({"a": series([1, 2], [5, 6]), "b": series([3])}), "f")
    found = log.columns()
    assert found["a"].step.tolist() == [5, 6]
    assert found["b"].step.tolist() == [0]


def test_a_series_in_pieces_keeps_its_order_whatever_has_no_step() -> None:
    log = Log("x")
    log.add(Block({"a": series([1, 2, 3], [5, float("nan"), 6])}), "f")
    log.add(Block({"a": series([4, 5], [7, 8])}), "f")
    found = log.columns()["a"]
    assert found.value.tolist() == [1, 3, 4, 5]
    assert (found.order[1:] > found.order[:-1]).all()
    assert [note.message for note in log.notes] == ["left out for want of a step: 1 points"]
