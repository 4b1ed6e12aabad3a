"""A validation score that never changes."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import causes, engine
from optcli.diagnosis.diagnosis import Evidence, Finding
from optcli.diagnosis.sameness import unchanging
from optcli.run.prepare import Series

N = 400
STEP = np.arange(N)
SEEN = STEP[19::20]
NOISE = np.random.default_rng(0).normal(size=N)


def scores(**values):
    """Series by name, ten validations each."""
    made = {
        name.replace("_", "/", 1): Series(name, np.arange(10.0), np.broadcast_to(np.asarray(value, float), 10))
        for name, value in values.items()
    }
    return made, made.get


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"val_agreement": 0.4075}, "val_agreement"),
        ({"val_accuracy": 40.75}, "val_accuracy"),
        ({"val_loss": 0.4075}, None),
        ({"train_accuracy": 0.4075}, None),
        ({"val_accuracy": 0.9475}, None),  # good: few samples may all but be learned
        ({"val_accuracy": 0.41}, None),  # whole percents hide small changes
        ({"val_accuracy": 0.4075, "val_auc": np.linspace(0.5, 0.8, 10)}, None),  # what is rarer may still be ranked
        ({"val_accuracy": [0.4075] * 9 + [0.41]}, None),
    ],
)
def test_which_scores_tell(values, name) -> None:
    found = unchanging(*scores(**values))
    assert (found.name if found else None) == name


@pytest.mark.parametrize(("gained", "said"), [(0.1, True), (0.5, False)])
def test_it_is_said_where_validation_has_hardly_come_down(make, gained, said) -> None:
    fall = np.exp(-STEP / 60)
    curves = {
        "train/loss": 1.0 + 1.5 * np.exp(-STEP / 4) + 0.1 * fall + 0.02 * NOISE,
        "val/loss": (SEEN, 1.0 + gained * np.exp(-SEEN / 60) / np.exp(-SEEN[0] / 60)),
        "val_agreement": (SEEN, np.full(len(SEEN), 0.4075)),
    }
    found = engine.diagnose(make(curves), select=["OPT104"]).findings
    assert [f.curve for f in found] == (["val_agreement"] if said else [])


@pytest.mark.parametrize(
    ("signs", "config", "name"),
    [
        ({"one_answer": 1.0}, {"optimizer.name": "adam", "optimizer.lr": 1e-3}, "not-connected"),
        ({}, {"optimizer.name": "adam", "optimizer.lr": 1e-3}, "learning-rate-too-low"),
        ({"one_answer": 1.0}, {"optimizer.name": "adam", "optimizer.lr": 1e-6}, "learning-rate-too-low"),
        ({"one_answer": 1.0}, {}, "learning-rate-too-low"),
    ],
)
def test_one_answer_at_a_usual_rate_is_no_slow_learning(signs, config, name) -> None:
    slow = Finding("OPT103", "x", "warning", 0.93, "train/loss", 0, 1, 1, "", {})
    stuck = {"trend": Evidence(-9.0, "sigma"), "val_trend": Evidence(-9.0, "sigma"), "fall": Evidence(0.1, "1")}
    one = Finding("OPT104", "x", "error", 0.85, "val/accuracy", 0, 1, 1, "", stuck)
    assert causes.rank([slow, one], config, signs)[0].name == name
