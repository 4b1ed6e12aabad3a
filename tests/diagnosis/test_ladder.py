"""The rungs at which a run is judged."""

import numpy as np
import pytest

from optcli.diagnosis import ladder
from optcli.run.curve import Curve, read_only


def curve(values: object) -> Curve:
    value = read_only(values)  # type: ignore[arg-type]
    return Curve("train/loss", read_only(np.arange(len(value))), value)


@pytest.mark.parametrize("points", [0, 1, 24, 25, 27, 560, 10_000])
def test_rungs_of_a_prefix_are_a_prefix_of_the_rungs(points: int) -> None:
    rungs = ladder.counts(points)
    assert rungs == tuple(r for r in ladder.counts(20_000) if r <= points)
    assert list(rungs[:24]) == list(range(1, min(points, 24) + 1))


def test_rungs_are_at_most_an_eighth_apart() -> None:
    rungs = np.array(ladder.counts(10**6))
    assert (np.diff(rungs) <= np.maximum(1, 0.125 * rungs[:-1] + 1)).all()
    assert len(rungs) < 130


def test_the_first_value_that_is_no_number_is_a_rung() -> None:
    values = np.ones(100)
    values[[71, 90]] = np.nan
    assert set(ladder.rungs(curve(values))) - set(ladder.counts(100)) == {72}


def test_the_headline_is_the_training_loss_where_there_is_one(make, fall) -> None:
    assert ladder.headline(make({"val/loss": fall, "train/loss": fall})).name == "train/loss"
    assert ladder.headline(make({"val/loss": fall, "lr": fall})).name == "val/loss"
    assert ladder.headline(make({"lr": fall})) is None


def test_rungs_of_a_planned_run_are_a_twentieth_of_it_apart() -> None:
    values = np.ones(500)
    values[3] = np.inf
    steps = np.array(ladder.rungs(curve(values), planned=1000)) - 1
    assert 3 in steps, "the first value that is no number is a rung wherever it is"
    assert (np.diff(steps[steps != 3]) >= 50).all()
    assert set(steps + 1) - {4} <= set(ladder.counts(500))


@pytest.mark.parametrize("planned", [None, 40, 1000])
def test_rungs_are_the_same_in_whatever_portions_points_come(planned: int | None) -> None:
    growing = ladder.Ladder(planned)
    values = np.ones(300)
    values[90] = np.nan
    found = [rung for ready in (0, 1, 1, 17, 90, 91, 200, 300) for rung in growing.due(curve(values), ready)]
    assert found == ladder.rungs(curve(values), planned)
