"""Ranges for tuning: each value is checked where it would stand."""

from __future__ import annotations

import pytest

from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe, Problem
from optcli.recipe.sections import Choices, Range


def problem(tune: str) -> Problem:
    with pytest.raises(BadRecipe) as caught:
        loads(f"data: toy\ntune:\n  {tune}\n", "r.yaml")
    (found,) = caught.value.problems
    assert (found.file, found.line) == ("r.yaml", 3)
    return found


def test_ranges_and_choices() -> None:
    tune = loads(
        "data: toy\ntune:\n  optimizer.lr: {min: 1e-4, max: 0.1, log: true}\n  model.hidden: [[8], [8, 8]]\n"
        "  optimizer: [adam, {name: sgd, momentum: 0.9}]\n  regularizers.dropout.rate: {min: 0, max: 0.5}\n"
    ).tune
    assert tune["optimizer.lr"] == Range(1e-4, 0.1, True)
    assert tune["model.hidden"] == Choices(([8], [8, 8]))
    assert tune["optimizer"] == Choices(("adam", {"name": "sgd", "momentum": 0.9}))
    assert tune["regularizers.dropout.rate"] == Range(0, 0.5)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("optimizer.lr: [1e-3, x]", 24, "`optimizer.lr` must be a number above 0"),
        ("optimizer.lr: {min: 0, max: 1}", 23, "`optimizer.lr` must be a number above 0, not 0"),
        ("optimizer.lrr: [1]", 3, "unknown key `lrr`"),
        ("optimizer: [adam, smg]", 21, "unknown optimizer `smg`"),
        ("regularizers.l7.strength: [1]", 3, "unknown regularizer `l7`"),
        ("regularizers.l1: [1]", 21, "`l1` needs a mapping"),
        ("train.epochs: [1, 2.5]", 21, "`train.epochs` must be a whole number"),
        ("model.hiden: [[3]]", 3, "unknown key `hiden`"),
        ("optimizer.lr: []", 17, "must be a list or a range, not a list"),
        ("optimizer.lr: {min: 1}", 17, "`tune.optimizer.lr.max` is missing"),
        ("optimizer.lr: {min: 2, max: 1}", 31, "max is not above min"),
        ("name: [a]", 3, "`name` is no recipe path to tune"),
        ("tune.x: [a]", 3, "`tune.x` is no recipe path to tune"),
    ],
)
def test_a_value_that_can_t_stand_there_is_a_problem_of_the_range(line: str, column: int, message: str) -> None:
    found = problem(line)
    assert message in found.message
    assert found.column == column


def test_there_is_a_bound_on_the_ranges() -> None:
    lines = "".join(f"  optimizer.lr{i}: [1]\n" for i in range(31))
    with pytest.raises(BadRecipe, match="more than 30 ranges"):
        loads(f"data: toy\ntune:\n{lines}")
