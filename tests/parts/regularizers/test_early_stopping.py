"""Early stopping: counting evaluations without improvement."""

import math

import pytest

from optcli.parts import UnknownPart
from optcli.parts.regularizers import clip_norm, early_stopping


def stops(values, **options):
    made = early_stopping.build(early_stopping.Options(**options))
    return [made.should_stop(value) for value in values]


def test_stops_after_its_patience():
    assert stops([3, 2, 2, 2, 1, 1, 1], patience=2) == [False, False, False, True, False, False, True]


def test_small_improvements_do_not_count():
    assert stops([1.0, 0.99, 0.98, 0.8], patience=2, min_delta=0.1) == [False, False, True, False]


def test_not_a_number_is_no_improvement():
    assert stops([math.nan, math.nan, 1.0], patience=2) == [False, True, False]


def test_direction_comes_from_the_metric_unless_told():
    rising = [0.5, 0.6, 0.7]
    assert stops(rising, patience=1, metric="accuracy") == [False, False, False]
    assert stops(rising, patience=1, metric="rmse") == [False, True, True]
    assert stops(rising, patience=1, metric="rmse", mode="max") == [False, False, False]
    with pytest.raises(UnknownPart):
        stops(rising, metric="nonsense")


def test_names_the_curve_it_watches():
    built = [early_stopping.build(early_stopping.Options(metric=m)) for m in ("loss", "accuracy", "train/loss")]
    assert [(b.metric, b.mode) for b in built] == [("val/loss", "min"), ("val/accuracy", "max"), ("train/loss", "min")]


def test_goes_on_from_its_state():
    first, second = (early_stopping.build(early_stopping.Options(patience=3)) for _ in range(2))
    for value in (2.0, 3.0, 3.0):
        first.should_stop(value)
    second.load_state_dict(first.state_dict())
    assert second.report() == {"evals_without_improvement": 2.0}
    assert second.should_stop(2.5)


def test_clip_norm_tells_its_limit():
    assert clip_norm.build(clip_norm.Options(max_norm=0.5)).max_norm == 0.5
