"""A crawl that batches hide and validation shows."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N, VALS = 600, 24
STEP = np.arange(N)
VAL_STEP = STEP[N // VALS - 1 :: N // VALS]
NOISE = np.random.default_rng(0).normal(size=N)
FINE = 1e-3 * np.random.default_rng(1).normal(size=VALS)


def says(make, fall, *, since: int = 0, scatter: float = 0.3) -> bool:
    """`fall(share of the run)` is the level of both losses, of which batches scatter by `scatter`."""
    curves = {
        "train/loss": (STEP + since, fall(STEP / N) + scatter * NOISE),
        "val/loss": (VAL_STEP + since, fall(VAL_STEP / N) + FINE),
    }
    found = engine.diagnose(make(curves, planned=N + since), select=["OPT103"]).findings
    return any(f.curve == "val/loss" for f in found)


@pytest.mark.parametrize(
    ("fall", "said"),
    [
        (lambda x: 2.3 - 0.2 * x, True),
        (lambda x: 2.3 - 0.02 * x, False),  # too little to be sure of
        (lambda x: 2.3 - 1.2 * x, False),  # it gets somewhere
        (lambda x: 2.1 + 0.2 * np.exp(-4 * x), False),  # as far down as it goes
        (lambda x: 2.3 - 0.2 * x**4, False),  # it has just begun to fall
        (lambda x: -2.3 - 0.2 * x, False),  # no level to measure by
    ],
)
def test_validation_that_falls_in_a_straight_line(make, fall, said) -> None:
    assert says(make, fall) == said


def test_a_part_of_a_long_run_is_no_crawl(make) -> None:
    assert not says(make, lambda x: 2.3 - 0.2 * x, since=5 * N)


def test_what_training_shows_is_said_of_training(make) -> None:
    assert not says(make, lambda x: 2.3 - 0.2 * x, scatter=0.01)


@pytest.mark.parametrize(("pace", "said"), [(0.3, False), (0.5, False), (1.5, True)])
def test_a_fall_that_bends_is_no_crawl_however_early_one_looks(make, pace, said) -> None:
    loss = 1.4 + 0.6 * np.exp(-STEP / (pace * N)) + 0.003 * NOISE
    run = make({"train/loss": loss}, planned=N, config={"facts": {"task": "classification", "outputs": 7}})
    assert bool(engine.diagnose(run, select=["OPT103"]).findings) == said


@pytest.mark.parametrize(("step", "said"), [(0.0, True), (0.04, True), (0.25, False)])
def test_a_staircase_of_cut_rates_is_no_crawl(make, step, said) -> None:
    x = STEP / N
    loss = 2.3 - (0.5 - 2 * step) * x - step * (x > 0.5) - step * (x > 0.75) + 0.003 * NOISE
    assert bool(engine.diagnose(make({"train/loss": loss}, planned=N), select=["OPT103"]).findings) == said


@pytest.mark.parametrize(("apart", "said"), [(10, True), (1, False)])
def test_points_that_stand_for_many_steps_are_no_short_run(make, apart, said) -> None:
    step = np.arange(0, 50 * apart, apart)
    loss = 0.74 - 0.055 * np.arange(50) / 50 + 0.001 * np.random.default_rng(0).normal(size=50)
    assert bool(engine.diagnose(make({"train/loss": (step, loss)}), select=["OPT103"]).findings) is said


@pytest.mark.parametrize(("fallen", "said"), [(0.3, True), (0.55, False)])
def test_a_line_that_is_straight_beyond_doubt_may_go_further(make, fallen, said) -> None:
    assert says(make, lambda x: 1.1 * (1 - fallen * x)) == said


@pytest.mark.parametrize("known", [True, False])
def test_validation_that_flattens_with_the_rate_crawls_all_the_same(make, known) -> None:
    lr = 1e-5 * (1 + np.cos(np.pi * STEP / N)) / 2
    gone = 2.3 - 0.2 * np.cumsum(lr) / lr.sum()
    curves = {"train/loss": gone + 0.3 * NOISE, "val/loss": (VAL_STEP, gone[VAL_STEP] + FINE / 10)}
    found = engine.diagnose(make({**curves, **({"lr": lr} if known else {})}, planned=N), select=["OPT103"]).findings
    assert bool(found) is known


@pytest.mark.parametrize(("lr", "said"), [(1e-3, True), (0.05, False)])
def test_a_rate_known_to_be_low_asks_for_less(make, lr, said) -> None:
    level = 0.78 - 0.37 * (1 - np.exp(-1.2 * VAL_STEP / N)) / (1 - np.exp(-1.2))
    curves = {"train/loss": (VAL_STEP, level), "val/loss": (VAL_STEP, level + FINE)}
    run = make(curves, config={"optimizer.name": "sgd", "optimizer.lr": lr})
    assert bool(engine.diagnose(run, select=["OPT103"]).findings) is said


@pytest.mark.parametrize(("lr", "said"), [(2e-3, False), (1e-4, True)])
def test_a_rate_known_to_be_high_is_not_too_low(make, lr, said) -> None:
    loss = 2.3 * (1 - 0.2 * STEP / N) + 0.005 * NOISE
    run = make({"train/loss": loss}, config={"optimizer.name": "lion", "optimizer.lr": lr})
    assert bool(engine.diagnose(run, select=["OPT103"]).findings) is said


@pytest.mark.parametrize(("config", "said"), [({}, True), ({"model.pretrained": True}, False)])
def test_a_net_that_was_trained_before_has_no_start_to_measure_by(make, config, said) -> None:
    run = make({"train/loss": 2.3 - 0.2 * STEP / N + 0.01 * NOISE}, planned=N, config=config)
    assert bool(engine.diagnose(run, select=["OPT103"]).findings) is said


@pytest.mark.parametrize(("rate", "said"), [(3e-5, True), (1e-3, False)])
def test_a_low_rate_that_ends_as_planned_flattens_the_end_and_hides_no_crawl(make, rate, said) -> None:
    """Of a usual rate the same curve has come as far down as it goes."""
    left = 0.5 * (1 + np.cos(np.pi * STEP / N))
    gone = np.cumsum(left) / left.sum()
    curves = {
        "train/loss": 3.0 - 0.3 * gone + 0.03 * NOISE,
        "val/loss": (VAL_STEP[::2], 3.0 - 0.3 * gone[VAL_STEP[::2]]),
        "lr": rate * left,
    }
    run = make(curves, planned=N, config={"optimizer.name": "adamw", "optimizer.lr": rate})
    found = engine.diagnose(run, select=["OPT103"]).findings
    assert any(f.healed_at is None for f in found) is said


@pytest.mark.parametrize(
    ("lr", "more", "bend", "said"),
    [
        (4e-4, {}, 3.5, True),
        (2e-3, {}, 3.5, False),  # a 25th of the usual
        (4e-4, {"facts.linear": 1}, 3.5, False),
        (4e-4, {"facts.pretrained": 1}, 3.5, False),
        (4e-4, {}, 9.0, False),  # nothing comes of the later half
    ],
)
def test_at_a_hundredth_of_the_usual_rate_a_curve_may_bend(make, lr, more, bend, said) -> None:
    level = 1.0 - 0.4 * (1 - np.exp(-bend * VAL_STEP / N)) / (1 - np.exp(-bend))
    curves = {"train/loss": (VAL_STEP, level), "val/loss": (VAL_STEP, level + FINE)}
    run = make(curves, config={"optimizer.name": "momentum", "optimizer.lr": lr, **more})
    assert bool(engine.diagnose(run, select=["OPT103"]).findings) is said
