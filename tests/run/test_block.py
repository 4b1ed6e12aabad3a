"""What readers hand over."""

from __future__ import annotations

from optcli.run.block import Unreadable, series, table


def test_a_table_from_rows() -> None:
    block = table([{"a": 1.0, "b": 2.0}, {"a": 3.0}], format="x", planned=7)
    assert (block.rows, block.format, block.planned) == (2, "x", 7)
    assert block.columns["a"].row is None
    row = block.columns["b"].row
    assert row is not None
    assert row.tolist() == [0]


def test_a_series_counts_its_points() -> None:
    assert series([5, 6]).step.tolist() == [0, 1]  # type: ignore[union-attr]
    assert series([5, 6], [3, 4], [1, 2]).time.tolist() == [1, 2]  # type: ignore[union-attr]


def test_unreadable_speaks() -> None:
    assert str(Unreadable("a.log", "it is empty")) == "a.log: it is empty"


def test_an_integer_beyond_every_float_is_infinite() -> None:
    found = table([{"step": 1, "loss": 10**400}, {"step": 2, "loss": -(10**400)}, {"step": 3, "loss": 1.5}])
    assert found.columns["loss"].value.tolist() == [float("inf"), float("-inf"), 1.5]
