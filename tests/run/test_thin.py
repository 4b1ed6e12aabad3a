"""Curves beyond the limit keep what matters of each bucket."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.run import notes
from optcli.run.block import Block, Column
from optcli.run.collect import Log
from optcli.run.curve import read_only
from optcli.run.merge import Points
from optcli.run.thin import Pile


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pile, "LIMIT", 2400)


def fill(value: np.ndarray, chunk: int) -> Pile:
    pile, order = Pile(), np.arange(len(value), dtype=np.float64)
    for i in range(0, len(value), chunk):
        part = slice(i, i + chunk)
        pile.add(Points(order[part], order[part], value[part]))
    return pile


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("chunk", [1, 700, 99_999])
def test_extremes_and_nonfinite_survive(chunk: int) -> None:
    n = 20_000 if chunk == 1 else 200_000
    value = np.sin(np.arange(n) / 900.0)
    value[[n // 3, n // 2, n // 5]] = [99.0, -99.0, np.nan]
    pile = fill(value, chunk)
    kept = pile.points()
    assert pile.thinned
    assert len(kept.value) <= Pile.LIMIT * 1.5
    assert (np.diff(kept.order) > 0).all()
    assert {0.0, n - 1.0, n / 2, float(n // 3), float(n // 5)} <= set(kept.step.tolist())
    np.testing.assert_array_equal(kept.value, value[kept.step.astype(int)])
    assert pile.seen == n
    assert pile.nonfinite == 1


@pytest.mark.usefixtures("small")
def test_the_median_of_a_bucket_is_kept() -> None:
    draw = np.random.default_rng(0)
    value = draw.normal(size=2424)
    kept = set(fill(value, 2424).points().value.tolist())
    for first in range(0, 2400, 24):
        assert np.sort(value[first : first + 24])[11] in kept


@pytest.mark.usefixtures("small")
def test_below_the_limit_nothing_changes() -> None:
    value = np.arange(2400.0)
    pile = fill(value, 100)
    assert not pile.thinned
    assert pile.points().value.tolist() == value.tolist()


@pytest.mark.usefixtures("small")
def test_thinning_is_told() -> None:
    log = Log("test")
    for first in range(0, 9000, 1000):
        step = read_only(np.arange(first, first + 1000))
        log.add(Block({"step": Column(step), "loss": Column(read_only(np.ones(1000)))}, rows=1000), "")
    found = log.columns()
    assert found["loss"].step[-1] == 8999
    assert [note.code for note in log.notes] == [notes.THINNED]
    assert "9,000 points" in log.notes[0].message


def test_many_columns_share_the_budget() -> None:
    pile = Pile()
    pile.share(2)
    assert pile.limit == Pile.LIMIT
    pile.share(60)
    assert pile.limit == Pile.BUDGET // 60
    pile.share(20_000)
    assert pile.limit == Pile.LEAST
