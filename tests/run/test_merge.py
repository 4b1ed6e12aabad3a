"""Restarts and repeated steps."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.run.merge import Points, Restart, along, ascending, by_clock, by_time, restarts, supersede


def points(step: list[float], time: list[float] | None = None) -> Points:
    n = np.arange(float(len(step)))
    return Points(n, np.array(step, float), n, None if time is None else np.array(time, float))


def test_where_it_turns_back() -> None:
    found = restarts(points([0, 1, 2, 1, 2, 3, 0]), "here")
    assert [(t.order, t.step, t.reached, t.where) for t in found] == [(3, 1, 2, "here"), (6, 0, 3, "here")]
    assert restarts(points([])) == []


def test_later_training_counts() -> None:
    kept = supersede(points([0, 1, 2, 3, 1, 2]), [Restart(4, 1, 3)])
    assert kept.value.tolist() == [0, 4, 5]


def test_places_in_other_files_are_not_compared() -> None:
    turn = Restart(4, 1, 3, "a", time=10.0)
    assert len(supersede(points([0, 1, 2]), [turn], "b").value) == 3
    timed = supersede(points([0, 1, 2], [8, 9, 11]), [turn], "b")
    assert timed.value.tolist() == [0, 2]


def test_one_value_a_step() -> None:
    kept, extra = ascending(points([1, 2, 2, 3, 3]), first_wins_at_end=True)
    assert (kept.step.tolist(), kept.value.tolist(), extra) == ([1, 2, 3], [0, 2, 3], 1)
    kept, extra = ascending(points([1, 2, 2, 3, 3]), first_wins_at_end=False)
    assert (kept.value.tolist(), extra) == ([0, 2, 4], 0)


def test_two_writers_are_put_in_the_order_of_steps() -> None:
    both = by_clock(points([1, 2, 3, 1, 2, 3], [10, 20, 30, 11, 21, 29]))
    kept, _ = ascending(both, first_wins_at_end=False)
    assert kept.value.tolist() == [3, 4, 2]
    assert by_clock(points([2, 1])).step.tolist() == [2, 1]


def stamped(step: list[float], time: list[float]) -> Points:
    return Points(np.arange(len(step)), np.array(step), np.ones(len(step)), np.array(time))


def test_epochs_are_placed_by_their_clock() -> None:
    lead = stamped([float(s) for s in range(0, 100, 2)], [float(s) for s in range(0, 100, 2)])
    placed = by_time(lead, stamped([1, 2, 3, 4], [20.5, 41, 60, 81]))
    assert placed is not None
    assert placed.step.tolist() == [20, 40, 60, 80]


@pytest.mark.parametrize(
    ("step", "time"),
    [
        ([20, 40, 60], [20, 40, 60]),
        ([1, 2, 4], [20, 40, 60]),
        ([1, 2, 3], [99, 99, 99]),
        ([1, 2], [20, 40]),
        ([0, 1, 2], [0, 1, 2]),
        ([1, 2, 3], [-5, 40, 60]),
    ],
)
def test_steps_stay_where_they_are(step: list[float], time: list[float]) -> None:
    lead = stamped([float(s) for s in range(100)], [float(s) for s in range(100)])
    assert by_time(lead, stamped(step, time)) is None


def test_a_point_that_strays_is_no_restart() -> None:
    step = [1.0, 2, 3, 4, 5, 2, 7, 8]
    assert restarts(points(step)) == []
    kept, _ = ascending(points(step), first_wins_at_end=False)
    assert kept.value.tolist() == [0, 1, 2, 3, 4, 6, 7]
    late, _ = ascending(points([10, 30, 20, 40]), first_wins_at_end=False)
    assert late.step.tolist() == [10, 20, 30, 40]
    assert [turn.step for turn in restarts(points([1, 2, 3, 2, 3, 4]))] == [2]


class Counted(np.ndarray):
    """An array that counts the elements that it was computed with."""

    looked = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **more: object) -> object:
        Counted.looked += self.size
        plain = [np.asarray(x) if isinstance(x, Counted) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **more)


@pytest.mark.parametrize("where", ["", "there"])
def test_thousands_of_restarts_cost_a_few_looks_at_each_point(where: str) -> None:
    n = 20_000
    step = np.cumsum(np.where(np.arange(n) % 20 == 0, -5.0, 1.0))
    wall = np.arange(float(n))
    turns = restarts(Points(wall, step, step, wall), where)
    assert len(turns) == n // 20 - 1
    Counted.looked = 0
    kept = supersede(Points(wall.view(Counted), step.view(Counted), step, wall.view(Counted)), turns)
    assert Counted.looked <= 50 * n
    assert (np.diff(np.asarray(kept.step)) > 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_what_a_restart_leaves_is_what_no_later_one_goes_back_behind(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    step, time = rng.integers(0, 20, n).astype(float), np.sort(rng.normal(size=n))
    turns = [
        Restart(rng.integers(n), rng.integers(20), 20.0, rng.choice(["a", "b"]), rng.choice([None, *time[::4]]))
        for _ in range(9)
    ]
    here = [t for t in turns if t.where == "a"]
    away = [t for t in turns if t.where != "a" and t.time is not None]
    want = [
        i
        for i in range(n)
        if all(i >= t.order or step[i] < t.step for t in here)
        and all(time[i] >= (t.time or 0) or step[i] < t.step for t in away)
    ]
    assert supersede(Points(np.arange(float(n)), step, step, time), turns, "a").order.tolist() == want


def test_along_another_column() -> None:
    axis = Points(np.arange(4.0), np.array([0.0, 10, 20, 30]), np.array([5.0, 7, np.nan, 9]))
    moved = along({"at": axis, "loss": points([-1, 0, 10, 15, 25, 40])}, "at")
    assert moved["loss"].step.tolist() == [5, 5, 7, 7, 7, 9]
    assert moved["loss"].value.tolist() == [0, 1, 2, 3, 4, 5]
    assert set(moved) == {"loss"}


def test_nothing_moves_along_a_column_without_numbers() -> None:
    columns = {"at": points([]), "loss": points([1, 2])}
    assert along(columns, "at") == columns
