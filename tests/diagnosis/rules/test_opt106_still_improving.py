"""A fall that validation doesn't share is no reason for more steps."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(200)
SEEN = STEP[9::10]
NOISE = np.random.default_rng(0).normal(size=200)


@pytest.mark.parametrize(
    ("val", "said"),
    [
        (2.4 - 1.6 * (SEEN / 200) ** 1.5, True),
        (1.5 + 0.9 * np.exp(-SEEN / 40), False),  # as good as it gets
        (2.4 - 0.8 * (SEEN / 200) ** 1.5, True),  # half as fast
        (2.4 - 1.6 * (SEEN / 200) ** 6, True),  # the end's median lies far above the last one
    ],
)
def test_validation_must_fall_as_well(make, val, said) -> None:
    curves = {"train/loss": 2.3 * (1 - (STEP / 230) ** 1.5) + 0.01 * NOISE, "val/loss": (SEEN, val)}
    assert bool(engine.diagnose(make(curves), select=["OPT106"]).findings) == said


@pytest.mark.parametrize("config", [{"train": {"target": {"accuracy": 0.9}}}, {"train.target.accuracy": 0.9}])
@pytest.mark.parametrize(("planned", "said"), [(400, False), (199, True), (None, True)])
def test_a_run_that_ended_at_its_target_is_long_enough(make, config, planned, said) -> None:
    curves = {"train/loss": 2.3 * (1 - (STEP / 230) ** 1.5) + 0.01 * NOISE}
    run = make(curves, config=config, planned=planned)
    assert bool(engine.diagnose(run, select=["OPT106"]).findings) == said


@pytest.mark.parametrize(("end", "said"), [(0.3, False), (0.1, True)])
def test_the_way_back_from_a_leap_is_no_progress(make, end, said) -> None:
    fall = 0.3 + 2.0 * np.exp(-np.arange(300) / 40)
    back = np.linspace(1.2, end, 100)
    loss = np.concatenate([fall, back]) + 0.01 * np.random.default_rng(0).normal(size=400)
    assert bool(engine.diagnose(make({"train/loss": loss}), select=["OPT106"]).findings) is said


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (0.5 - 0.3 * np.exp(-SEEN / 30) + 0.004 * NOISE[9::10], False),  # as good as it gets
        (0.2 + 0.3 * (SEEN / 200) ** 1.5, True),
        (None, True),
    ],
)
def test_where_there_is_no_validation_loss_its_score_must_have_risen_lately(make, score, said) -> None:
    curves = {"train/loss": 2.3 * (1 - (STEP / 230) ** 1.5) + 0.01 * NOISE}
    if score is not None:
        curves["val/f1"] = (SEEN, score)
    assert bool(engine.diagnose(make(curves), select=["OPT106"]).findings) is said


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [(np.linspace(0.4, 0.93, 20), True), (0.93 - 0.5 * np.exp(-np.arange(20) / 4), False)],
)
def test_an_accuracy_that_climbs_to_the_end_tells_more_than_a_loss_near_0(make, accuracy, said) -> None:
    loss = 1.8 * np.exp(-np.arange(20) / 7)
    curves = {"train/loss": loss, "val/loss": 1.1 * loss, "val/accuracy": accuracy}
    found = engine.diagnose(make(curves), select=["OPT106"]).findings
    assert bool(found) is said
    assert all("val/accuracy still climbs at the end: its last fifth brought 2" in f.message for f in found)


@pytest.mark.parametrize(
    ("val", "said"),
    [
        ([2.0, 1.85, 1.66], True),
        ([2.0, 1.2, 1.0, 0.92], False),  # it slows down, as it should
        ([2.0, 1.85, 1.87, 1.66], False),
        ([2.0, 1.99, 1.98], False),  # next to nothing
    ],
)
def test_few_validations_that_fall_at_full_pace_are_enough(make, val, said) -> None:
    step = np.arange(60.0)
    loss = 2.1 - 0.4 * step / 60 + 0.15 * NOISE[:60]
    seen = np.linspace(0, 60, len(val) + 1)[1:] - 1
    found = engine.diagnose(make({"train/loss": loss, "val/loss": (seen, val)}), select=["OPT106"]).findings
    assert any(f.curve == "val/loss" for f in found) is said


@pytest.mark.parametrize(("last", "said"), [(58.0, True), (59.0, True), (50.0, False)])
def test_a_final_validation_right_behind_a_regular_one_is_not_held_against_it(make, last, said) -> None:
    step = np.arange(60.0)
    loss = 2.1 - 0.4 * step / 60 + 0.15 * NOISE[:60]
    seen, val = [14.0, 28.0, 42.0, 56.0, last], [2.0, 1.85, 1.7, 1.56, 1.562]
    if not said:  # it comes after as long a time
        seen = [10.0, 20.0, 30.0, 40.0, last]
    found = engine.diagnose(make({"train/loss": loss, "val/loss": (seen, val)}), select=["OPT106"]).findings
    assert any("the last of 4 validations brought 32%" in f.message for f in found) is said


@pytest.mark.parametrize(("last", "said"), [(50.0, True), (57.0, False)])
def test_the_last_fall_counts_by_the_steps_it_took(make, last, said) -> None:
    step = np.arange(60.0)
    loss = 2.1 - 0.4 * step / 60 + 0.15 * NOISE[:60]
    seen, val = [9.0, 21.0, 33.0, 43.0, last], [2.0, 1.8, 1.6, 1.42, 1.34]
    found = engine.diagnose(make({"train/loss": loss, "val/loss": (seen, val)}), select=["OPT106"]).findings
    assert any(f.curve == "val/loss" for f in found) is said


@pytest.mark.parametrize(("samples", "said"), [(1, False), (6, True)])
def test_an_accuracy_that_gains_one_sample_more_does_not_climb(make, samples, said) -> None:
    seen = np.arange(30)
    right = np.where(seen < 24, 90 + seen // 5, 94 + samples * np.minimum(seen - 23, 4) // 4) / 114
    loss = 0.06 + 0.5 * np.exp(-seen / 4) - 1.5e-3 * seen
    found = engine.diagnose(make({"train/loss": loss, "val/accuracy": right}), select=["OPT106"]).findings
    assert bool(found) is said


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (1 - np.linspace(0, 0.5, 13), True),
        (0.5 + 0.5 * np.exp(-np.arange(13) / 2.0), False),  # it has come to rest
        (1 - np.linspace(0, 0.03, 13), False),
        (np.append(1 - np.linspace(0, 0.5, 12), 0.6), False),  # the last is no best one
    ],
)
def test_validation_falls_to_the_end_where_batches_are_too_noisy_to_tell(make, shape, said) -> None:
    step = np.arange(52)
    train = np.interp(step, step[::4], shape) + 0.12 * np.random.default_rng(1).normal(size=52)
    found = engine.diagnose(make({"train/loss": train, "val/loss": (step[3::4], shape)}), select=["OPT106"]).findings
    assert any(f.curve == "val/loss" for f in found) is said
