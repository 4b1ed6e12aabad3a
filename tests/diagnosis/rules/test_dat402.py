"""Validation that is never better than a guess."""

import numpy as np
import pytest

from optcli.diagnosis import engine

N = 400
STEP = np.arange(N)
EPOCH = STEP[9::10]
NOISE = np.random.default_rng(0).normal(size=N)
HEART = 2.303 - 1.6 * (STEP / N) ** 0.9 + 0.01 * NOISE
TEN = {"facts": {"task": "classification", "outputs": 10}}
CHANCE = (EPOCH, 0.1 + 0.01 * NOISE[:40])


def diagnosis(make, curves, config=None):
    return engine.diagnose(make(curves, config=config or {}))


def says(make, curves, config=None) -> bool:
    return "DAT402" in {f.code for f in diagnosis(make, curves, config).findings if f.healed_at is None}


BAD = {"train/loss": HEART, "val/loss": (EPOCH, 2.303 + 0.003 * EPOCH)}


def test_a_guess_is_known_from_the_configuration_or_from_the_start(make) -> None:
    assert says(make, BAD, TEN)
    assert not says(make, BAD)
    assert says(make, {**BAD, "train/accuracy": 0.1 + 0.6 * STEP / N})
    assert not says(make, {**BAD, "train/accuracy": 0.5 + 0.3 * STEP / N})


@pytest.mark.parametrize(
    "changes",
    [
        {"val/loss": (EPOCH, np.where(EPOCH < 100, 2.303 - 0.004 * EPOCH, 2.5))},  # learned, then overfitted
        {"val/accuracy": (EPOCH, 0.1 + 0.4 * EPOCH / N)},  # right, and too sure where it isn't
        {"val/loss": (EPOCH, 2.303 + 0.5 * NOISE[:40])},  # too noisy to tell
        {"train/loss": 2.303 - 0.1 * STEP / N + 0.01 * NOISE},  # training learns nothing either
        {"val/loss": (EPOCH[:4], [2.3, 2.4, 2.5, 2.6])},  # too few
    ],
)
def test_what_only_looks_like_it(make, changes) -> None:
    assert not says(make, {**BAD, "val/accuracy": CHANCE, **changes}, TEN)


def test_learning_by_heart_points_to_labels_and_learning_at_once_to_the_split(make) -> None:
    late = diagnosis(make, {**BAD, "val/accuracy": CHANCE}, TEN)
    assert late.causes[0].name == "label-noise"
    fast = {**BAD, "train/loss": 0.1 + 2.2 * np.exp(-STEP / 30) + 0.01 * NOISE, "val/accuracy": CHANCE}
    early = diagnosis(make, fast, TEN)
    assert "DAT402" in {f.code for f in early.findings}
    assert early.causes[0].name == "validation-shift"


def test_regression_has_no_accuracy_to_look_at(make) -> None:
    config = {"facts": {"task": "regression", "target_variance": 2.303}}
    assert says(make, BAD, config)


@pytest.mark.parametrize(
    ("fall", "shared", "said"),
    [
        (0.1, 0.1, True),
        (0.1, 0.9, False),  # it holds for others, too
        (0.01, 0.0, False),  # nothing is learned
    ],
)
def test_a_little_that_training_learns_alone_is_learned_from_labels_that_say_nothing(make, fall, shared, said) -> None:
    gone = fall * EPOCH / N
    curves = {"train/loss": (EPOCH, 1.8 * (1 - gone)), "val/loss": (EPOCH, 1.9 - 1.8 * shared * gone)}
    found = diagnosis(make, curves)
    assert ("DAT402" in {f.code for f in found.findings}) is said
    assert not said or found.causes[0].name == "label-noise"
