"""Rows to blocks."""

from __future__ import annotations

import numpy as np

from optcli.run.numbers import MISSING
from optcli.run.rows import flat, from_grid, from_grids, split_of, tagged


def test_a_grid_without_its_missing_cells() -> None:
    block = from_grid(["a", "b", "c"], np.array([[1, MISSING, 2], [3, MISSING, MISSING]], float))
    assert set(block.columns) == {"a", "c"}
    assert block.columns["a"].row is None
    c = block.columns["c"]
    assert c.row is not None
    assert (c.value.tolist(), c.row.tolist(), block.rows) == ([2], [0], 2)


def test_kinds_of_rows_are_put_in_order() -> None:
    first = np.array([0.0, 2.0]), ["step", "loss"], np.array([[1, 5], [3, 6]], float)
    second = np.array([1.0]), ["step", "val"], np.array([[2, 7]], float)
    block = from_grids([first, second])
    assert block.columns["step"].value.tolist() == [1, 2, 3]
    assert block.columns["val"].value.tolist() == [7]


def test_nesting_has_a_depth() -> None:
    tree: dict[str, object] = {"x": 1}
    for _ in range(2000):
        tree = {"a": tree}
    assert flat(tree) == {}
    assert flat({"a": {"b": 1}, "c": [1], "d": "2", "e": None, "f": True, "g": [1, 2]}) == {
        "a/b": 1.0,
        "c": 1.0,
        "d": 2.0,
    }


def test_splits() -> None:
    assert split_of({"mode": "valid", "loss": 1}) == "val"
    assert split_of({"mode": "fast", "loss": 1}) is None
    assert tagged({"split": "train", "step": 3, "loss": 1}) == {"step": 3, "train/loss": 1}
