"""Lengths of runs, by hand."""

from __future__ import annotations

import pytest

from optcli.recipe import loads
from optcli.recipe.plan import Plan, plan
from optcli.units import Duration


def test_whole_steps_count() -> None:
    assert plan(1000, 64, 1, 5, None) == Plan(75, 15, 5.0)
    assert plan(1000, 64, 4, 5, None) == Plan(15, 3, 5.0)
    assert plan(1000, 1000, 1, None, 7) == Plan(7, 1, 7.0)
    assert plan(100, 10, 1, 3, 25) == Plan(25, 10, 2.5)


@pytest.mark.parametrize(("train", "batch", "accumulate"), [(10, 11, 1), (10, 6, 2), (0, 1, 1)])
def test_a_step_must_fit_into_an_epoch(train: int, batch: int, accumulate: int) -> None:
    with pytest.raises(ValueError, match="a step needs"):
        plan(train, batch, accumulate, 1, None)


def test_neither_epochs_nor_steps_is_no_plan() -> None:
    with pytest.raises(ValueError, match="neither"):
        plan(10, 1, 1, None, None)


def test_durations_and_repetitions() -> None:
    run = Plan(75, 15, 5.0)
    assert (run.total, run.per_epoch) == (75, 15)
    assert [run.of(Duration.parse(d)) for d in ("10", "2 epochs", "10%", "0")] == [10, 30, 8, 0]
    assert [run.times(Duration.parse(d)) for d in ("10", "1 epoch", "100%", "0")] == [8, 5, 1, 75]


def test_a_recipe_plans_from_its_data() -> None:
    recipe = loads("data: {name: toy, n: 330, batch_size: 32}\ntrain: {steps: 15, accumulate: 2}\n")
    assert recipe.plan() == Plan(15, 5, 3.0)
