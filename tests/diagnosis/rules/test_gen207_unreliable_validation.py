"""Validation that leaps, beside validation that merely scatters."""

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.live import Live

EPOCH = np.arange(40)
NOISE = np.random.default_rng(0).normal(size=40)
TRAIN = 0.3 + 1.5 * np.exp(-EPOCH / 8) + 0.005 * NOISE
VAL = 0.4 + 1.4 * np.exp(-EPOCH / 8) + 0.01 * NOISE[::-1]


def leaping(places, height, train=TRAIN):
    val = VAL.copy()
    val[places] += height
    return {"train/loss": train, "val/loss": val}


def said(run):
    return [(f.severity, f.healed_at) for f in engine.diagnose(run, select=["GEN207"]).findings]


@pytest.mark.parametrize(
    ("places", "height", "warns"),
    [
        ([12, 20, 27, 33], 3.0, True),
        ([12, 20, 27, 33], 0.3, False),  # less than half of what was learned
        ([20], 300.0, False),  # once may be chance
        ([0, 1], 3.0, False),  # before anything was learned
    ],
)
def test_leaps_are_high_and_come_again(make, places, height, warns) -> None:
    assert (("warning", None) in said(make(leaping(places, height)))) is warns


def test_a_run_that_shakes_as_a_whole_is_another_matter(make) -> None:
    shaken = TRAIN.copy()
    shaken[5::3] += 2.0
    assert ("warning", None) not in said(make(leaping([12, 20, 27, 33], 3.0, shaken)))


def test_what_began_as_scatter_is_said_again_when_it_becomes_leaps() -> None:
    val = VAL + 0.25 * NOISE
    val[[20, 26, 31, 36]] += 5.0
    live, told = Live(planned=40, select=["GEN207"]), []
    for epoch in EPOCH.tolist():
        told += live.add([{"step": epoch, "train/loss": TRAIN[epoch], "val/loss": val[epoch]}], closed=True)
    told += live.finish()
    assert [f.severity for f in told] == ["info", "warning"]
    assert [f.severity for f in live.diagnosis("finished").findings] == ["warning"]


@pytest.mark.parametrize(("noise", "severity"), [(0.2, "info"), (4.0, "warning")])
def test_more_noise_than_was_learned_is_no_mere_remark(make, noise, severity) -> None:
    curves = {"train/loss": TRAIN, "val/loss": 10 + noise * np.random.default_rng(3).normal(size=len(TRAIN))}
    assert said(make(curves)) == [(severity, None)]


@pytest.mark.parametrize(("shared", "said"), [(False, True), (True, False)])
def test_leaps_that_training_shares_are_no_fault_of_validation(make, shared, said) -> None:
    epoch = np.arange(40.0)
    train = 0.1 + 0.9 * np.exp(-epoch / 6)
    val = train + 0.02
    for at in (12, 19, 26, 33):
        val[at] += 3.0
        train[at] += 2.5 * shared
    found = engine.diagnose(make({"train/loss": train, "val/loss": val}), select=["GEN207"]).findings
    assert any(f.severity == "warning" for f in found) is said


def test_nor_is_what_it_does_after_training_has_left(make) -> None:
    epoch = np.arange(40.0)
    train = np.where(epoch < 10, 0.1 + 0.9 * np.exp(-epoch / 4), 5.0)
    val = train + 0.02
    val[[20, 27, 34]] += 60.0
    assert not engine.diagnose(make({"train/loss": train, "val/loss": val}), select=["GEN207"]).findings


@pytest.mark.parametrize(("scale", "warns"), [(1.0, True), (0.01, False)])
def test_training_in_other_units_is_no_measure_of_a_leap(make, scale, warns) -> None:
    """A mean beside a sum: half of what training learned is nothing to validation."""
    val = 0.4 + 30 * np.exp(-EPOCH / 8) + 0.01 * NOISE[::-1]
    val[[12, 20, 27, 33]] += 7.0
    found = said(make({"train/loss": scale * (TRAIN + 9 * np.exp(-EPOCH / 4)), "val/loss": val}))
    assert (("warning", None) in found) is warns
