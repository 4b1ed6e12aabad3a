"""Which column counts the steps."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.run.axis import choose, clock, fill, follow, within_epoch
from optcli.run.block import Column
from optcli.run.curve import read_only


def columns(**values: list[float]) -> dict[str, Column]:
    return {name: Column(read_only(value)) for name, value in values.items()}


def test_a_step_goes_before_an_epoch() -> None:
    axis = choose(columns(epoch=[0, 0, 1], loss=[3, 2, 1], step=[10, 20, 30]), 3)
    assert (axis.kind, axis.name, axis.step.tolist()) == ("step", "step", [10, 20, 30])


def test_an_epoch_that_stands_for_many_rows_is_no_axis() -> None:
    axis = choose(columns(epoch=[0, 0, 0, 0, 1, 1, 1, 1], loss=[1] * 8), 8)
    assert axis.kind == "row"
    assert axis.step.tolist() == list(range(8))


def test_lines_of_their_own_for_the_quantities_of_an_epoch_are_not_many_rows() -> None:
    parts = {name: Column(read_only([1, 2, 3]), read_only([i, i + 4, i + 8])) for i, name in enumerate("abcd")}
    axis = choose({"epoch": Column(read_only(np.repeat([0, 1, 2], 4))), **parts}, 12)
    assert (axis.kind, axis.step.tolist()) == ("epoch", np.repeat([0, 1, 2], 4).tolist())


def test_the_column_that_the_user_names_goes_before_all() -> None:
    table = columns(step=[1, 2, 3, 4], epoch=[0, 0, 1, 1], mine=[10, 20, 30, 40], still=[7, 7, 7, 7], at=[5, 9, 5, 9])
    axis = choose(table, 4, wanted="mine")
    assert (axis.kind, axis.name, axis.step.tolist()) == ("step", "mine", [10, 20, 30, 40])
    axis = choose(table, 4, wanted="epoch")
    assert (axis.kind, axis.name, axis.step.tolist()) == ("epoch", "epoch", [0, 0, 1, 1])
    axis = choose(table, 4, wanted="at")
    assert (axis.kind, axis.name, axis.step.tolist()) == ("step", "at", [5, 9, 14, 18])
    axis = choose(table, 4, wanted="still")
    assert (axis.kind, axis.step.tolist()) == ("row", [0, 1, 2, 3])
    assert axis.remark == "`still` is constant; rows are counted"
    assert choose(table, 4, wanted="none").name == "step"


def test_nothing_to_count_by() -> None:
    axis = choose(columns(loss=[1, 2]), 2)
    assert axis.kind == "row"
    assert "no step column" in axis.remark


def test_a_step_that_turns_back_all_the_time_is_no_axis() -> None:
    axis = choose(columns(step=[5.0, 1.0] * 20, loss=[1.0] * 40), 40)
    assert axis.kind == "row"
    assert "backwards" in axis.remark


def test_a_young_log_is_not_called_constant() -> None:
    both = {
        "step": Column(read_only([7, 7])),
        "loss": Column(read_only([1]), read_only([0])),
        "lr": Column(read_only([1]), read_only([1])),
    }
    assert choose(both, 2).kind == "step"


def test_gaps_in_the_step_column_are_filled() -> None:
    assert fill(Column(read_only([5, 9]), read_only([1, 3])), 5).tolist() == [5, 5, 5, 9, 9]
    assert fill(Column(read_only([np.nan])), 1).tolist() == [0]


def test_inside_the_epoch() -> None:
    step, epoch = read_only([1, 2, 3, 1, 2, 3]), read_only([1, 1, 1, 2, 2, 2])
    assert within_epoch(step, epoch) == 3
    assert within_epoch(step - 1, epoch) == 3
    many, inside = np.repeat(np.arange(20.0), 5), np.tile(np.arange(1.0, 6), 20)
    damaged = inside.copy()
    damaged[[33, 71]] = 93, 0
    assert within_epoch(read_only(damaged), read_only(many)) == 5
    through = np.arange(100.0)
    through[50] = 3
    assert within_epoch(read_only(through), read_only(many)) == 0
    assert within_epoch(step, read_only([1, 1, 1, 1, 1, 1])) == 0
    assert within_epoch(step[:3], epoch[:3]) == 0


def test_the_next_rows_follow_the_same_axis() -> None:
    first = choose(columns(epoch=[0, 0, 1, 1], iter=[0, 1, 0, 1], loss=[1] * 4), 4)
    assert first.step.tolist() == [0, 1, 2, 3]
    assert follow(first, columns(epoch=[2, 2], iter=[0, 1], loss=[1, 1]), 2, 4).step.tolist() == [4, 5]
    rows = choose(columns(loss=[1, 1]), 2)
    assert follow(rows, columns(loss=[1, 1]), 2, 2).step.tolist() == [2, 3]
    steps = choose(columns(step=[5, 6]), 2)
    assert follow(steps, columns(step=[7, 8]), 2, 2).step.tolist() == [7, 8]
    assert follow(steps, columns(loss=[7, 8]), 2, 2).step.tolist() == [7, 8]


def test_clocks() -> None:
    assert clock(columns(time=[1, 2, 2.5]), 3) == "time"
    assert clock(columns(time=[1, 2, 1]), 3) is None
    assert clock(columns(time=[2, 2, 2]), 3) is None
    assert clock(columns(Wall_Time=[1, 2, 3], time=[1, 2, 3]), 3) == "Wall_Time"


def test_a_rare_column_is_no_axis() -> None:
    n = np.arange(100.0)
    columns = {"update": Column(read_only([7]), read_only([50])), "num_updates": Column(read_only(n))}
    assert choose(columns, 100).name == "num_updates"


@pytest.mark.parametrize(
    ("epoch", "kind"),
    [
        ([*range(6)] * 8, "epoch"),  # trainings one after the other
        ([0, 100, 200, 300, 400] * 8, "epoch"),
        ([*range(3)] * 16, "row"),
        ([*range(6), *range(2, 8)] * 4, "row"),  # it begins anywhere
    ],
)
def test_epochs_that_begin_again_and_again_at_the_first_are_trainings(epoch: list[float], kind: str) -> None:
    values = [1 / (1 + n) for n in range(len(epoch))]
    assert choose(columns(epoch=epoch, loss=values), len(epoch)).kind == kind


def test_a_column_without_a_name_is_nobodys_wish() -> None:
    """As a damaged line makes one; a table's own first column without a name is called otherwise before."""
    table = columns(step=[1, 2, 3, 4], loss=[4, 3, 2, 1]) | {"": Column(read_only([1.2]), read_only([2]))}
    assert choose(table, 4).name == "step"
