"""What machines do: which waste is worth a word, and what only looks like it."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 400
STEP = np.arange(N)
NOISE = np.random.default_rng(0).normal(size=N)
LOSS = 0.2 + 2.1 * np.exp(-STEP / 60) + 0.02 * np.random.default_rng(1).normal(size=N)


def found(run, family="SYS"):
    return {f.code: f for f in engine.diagnose(run, select=[family]).findings}


@pytest.mark.parametrize(
    ("share", "severity"), [(0.1, None), (0.19, None), (0.3, "info"), (0.6, "info"), (0.8, "warning")]
)
def test_waiting_for_data_is_weighed_by_its_share(make, share, severity) -> None:
    data = share * (1 + 0.05 * NOISE)
    seen = found(make({"train/loss": LOSS, "step_time": np.ones(N), "data_time": data})).get("SYS601")
    assert (seen.severity if seen else None) == severity
    if seen:
        assert seen.evidence["share"].value == pytest.approx(share, rel=0.05)
        assert seen.evidence["speedup"].value == pytest.approx(1 / (1 - share), rel=0.2)


def test_a_step_time_without_the_waiting_is_told_by_waiting_that_is_longer(make) -> None:
    seen = found(make({"train/loss": LOSS, "step_time": np.full(N, 0.2), "data_time": np.full(N, 0.6)}))
    assert seen["SYS601"].evidence["share"].value == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("data", "step"),
    [(np.zeros(N), np.ones(N)), (-np.ones(N), np.ones(N)), (np.ones(N), np.zeros(N)), (np.full(N, np.nan), np.ones(N))],
)
def test_times_that_make_no_sense_say_nothing(make, data, step) -> None:
    assert "SYS601" not in found(make({"train/loss": LOSS, "step_time": step, "data_time": data}))


def test_times_at_other_steps_are_matched(make) -> None:
    curves = {"train/loss": LOSS, "data_time": (STEP[::2], np.full(200, 0.5)), "step_time": (STEP[::5], np.ones(80))}
    assert found(make(curves))["SYS601"].evidence["share"].value == 0.5


@pytest.mark.parametrize(
    "memory",
    [
        1000 + 2000 * (1 - np.exp(-STEP / 60)),  # caches
        1000 + 2000 * (STEP > 150),  # another batch size
        np.maximum.accumulate(1000 + 900 * np.log1p(STEP) / 6 + 20 * NOISE),  # records of a peak
        1000 + 0.5 * STEP,  # too little
        1000 * (1 + 0.5 * np.sin(STEP / 30)),
        np.zeros(N),
        -np.ones(N),
    ],
)
def test_memory_that_is_no_leak(make, memory) -> None:
    assert "SYS604" not in found(make({"train/loss": LOSS, "memory": memory}))


def test_a_data_set_that_is_kept_in_memory_fills_it_in_the_first_epoch(make) -> None:
    filling = {"train/loss": LOSS, "memory": 1000 + 5.0 * STEP}
    assert "SYS604" in found(make(filling))
    assert "SYS604" not in found(make(filling, epochs=[0, 300]))
    assert "SYS604" in found(make(filling, epochs=[0, 100, 200, 300]))


def test_slow_steps_with_a_period_and_without(make) -> None:
    regular = 1.0 + 30.0 * (STEP % 50 == 49)
    seen = found(make({"train/loss": LOSS, "step_time": regular}))["SYS606"]
    assert seen.evidence["period"].value == 50
    assert "every 50 steps" in seen.message
    anyhow = 1.0 + 30.0 * np.isin(STEP, [40, 57, 190, 200, 333, 350])
    seen = found(make({"train/loss": LOSS, "step_time": anyhow}))["SYS606"]
    assert "period" not in seen.evidence
    assert "no fixed distance" in seen.message


@pytest.mark.parametrize(
    "seconds",
    [
        1.0 + 60.0 * (STEP < 10),  # compilation
        1.0 + 2.5 * (STEP % 50 == 49),  # not far enough from the others
        1.0 + 5.0 * (STEP % 200 == 199),  # twice
        1e-3 + 0.1 * (STEP % 50 == 49),  # seconds in all
        np.exp(0.7 * NOISE),  # texts of many lengths
        1.0 + 1.0 * (STEP > 200),
    ],
)
def test_steps_that_are_slow_for_no_good_reason_to_speak(make, seconds) -> None:
    assert "SYS606" not in found(make({"train/loss": LOSS, "step_time": seconds}))


def test_a_stall_is_seen_in_the_clock_of_the_loss(make) -> None:
    seen = found(make({"train/loss": (STEP, LOSS, 2.0 * STEP + 900.0 * (STEP > 250))}))["SYS607"]
    assert (seen.first, seen.severity) == (250, "info")
    assert seen.evidence["gap"].value == 902


@pytest.mark.parametrize(
    ("seconds", "seams"),
    [
        (2.0 * STEP + 250.0 * (STEP > 250), ()),  # under five minutes
        (60.0 * STEP + 400.0 * (STEP > 250), ()),  # not ten times the usual
        (2.0 * STEP + 900.0 * (STEP > 250), (251.0,)),  # resumed there
        (np.zeros(N), ()),
        (np.full(N, np.nan), ()),
    ],
)
def test_silence_that_is_no_stall(make, seconds, seams) -> None:
    assert "SYS607" not in found(make({"train/loss": (STEP, LOSS, seconds)}, seams=seams))


def test_many_silences_are_a_habit(make) -> None:
    seconds = 2.0 * STEP + 900.0 * (STEP // 40)
    assert found(make({"train/loss": (STEP, LOSS, seconds)}))["SYS607"].healed_at is not None


def test_a_gap_with_a_validation_in_it_is_an_evaluation(make) -> None:
    seconds = 2.0 * STEP + 900.0 * (STEP > 250)
    for role in ("val/loss", "val/accuracy"):
        assert "SYS607" not in found(make({"train/loss": (STEP, LOSS, seconds), role: ([100, 250], [1.0, 0.9])}))


SLOWER = 0.2 + 0.002 * STEP + 0.005 * NOISE


@pytest.mark.parametrize(
    "curves",
    [
        {"step_time": SLOWER},
        {"throughput": 1 / SLOWER},
        {"train/loss": (STEP, LOSS, np.cumsum(SLOWER))},
    ],
    ids=["step_time", "throughput", "clock"],
)
def test_a_run_that_gets_slower_whatever_tells_it(make, curves) -> None:
    seen = found(make({"train/loss": LOSS, **curves}))["SYS612"]
    assert seen.evidence["slower"].value == pytest.approx(3.4, rel=0.3)


@pytest.mark.parametrize(
    "seconds",
    [
        0.2 + 0.5 * (STEP > 200) + 1e-4 * STEP,  # a jump
        0.2 + 0.2 * (1 - np.exp(-STEP / 25)),  # levels off
        0.2 + 0.2 * np.sin(STEP / 40) ** 2,  # another job
        0.2 + 1e-5 * STEP,  # too little
        1e-3 + 1e-5 * STEP,  # a second in all
        0.9 - 0.002 * STEP,
        np.zeros(N),
    ],
)
def test_a_pace_that_is_as_it_should_be(make, seconds) -> None:
    assert "SYS612" not in found(make({"train/loss": LOSS, "step_time": seconds}))
