"""A log that has scores and no loss is judged by what they lack to a perfect one."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import errors
from optcli.diagnosis.engine import diagnose
from optcli.diagnosis.live import Live
from optcli.run.curve import Curve, Run, read_only

STEP = np.arange(80.0)
NOISE = np.random.default_rng(0).normal(size=80)
RISING = 0.95 - 0.4 * np.exp(-STEP / 12) + 1e-3 * NOISE
TURNING = 0.85 - 0.3 * np.exp(-STEP / 8) - 0.002 * np.maximum(STEP - 25, 0) + 1e-3 * NOISE


def run_of(**scores: np.ndarray) -> Run:
    curves = {
        role.replace("_", "/", 1): Curve(role.replace("_", "/", 1), read_only(STEP[: len(v)]), read_only(v))
        for role, v in scores.items()
    }
    return Run("x", "csv", curves, {}, None, "finished", read_only([]), (), {})


def codes(run: Run) -> dict[str, str]:
    return {f.code: f.curve for f in diagnose(run).findings if f.severity != "info"}


def test_a_validation_score_that_turns_is_overfitting_of_that_score() -> None:
    told = diagnose(run_of(train_auc=RISING, val_auc=TURNING))
    (found,) = [f for f in told.findings if f.code == "GEN201"]
    assert told.status == "ill"
    assert found.curve == "val/auc"
    assert found.message.startswith("1 - val/auc has risen from about 0.1")
    assert told.causes[0].name == "overfit-to-data"


def test_scores_that_rise_are_healthy_and_a_note_says_what_was_judged() -> None:
    told = diagnose(run_of(train_accuracy=RISING, val_accuracy=RISING - 0.02))
    assert (told.status, told.findings) == ("healthy", ())
    assert [(note.code, note.message) for note in told.notes] == [
        ("RUN721", "no loss in the log: 1 - train/accuracy is judged")
    ]


def test_percentages_are_the_same_as_fractions() -> None:
    fractions, percentages = (run_of(train_auc=k * RISING, val_auc=k * TURNING) for k in (1.0, 100.0))
    assert codes(fractions) == codes(percentages)
    first, second = (diagnose(run).findings for run in (fractions, percentages))
    assert [f.message for f in first] == [f.message for f in second]


def test_an_accuracy_that_stays_at_a_guess_is_not_learning() -> None:
    assert codes(run_of(train_accuracy=0.1 + 0.004 * NOISE)) == {"OPT104": "train/accuracy"}


def test_trees_that_begin_well_have_learned_before_their_first_line() -> None:
    still = 0.72 + 0.0002 * STEP
    assert "OPT104" not in codes(run_of(val_auc=still))
    assert "OPT104" not in codes(run_of(AUC=still))
    assert "OPT104" in codes(run_of(val_auc=still - 0.215))


def test_an_accuracy_of_many_classes_that_has_doubled_is_learning() -> None:
    assert codes(run_of(train_accuracy=0.001 + 0.0002 * STEP)).keys().isdisjoint({"OPT103", "OPT104"})


@pytest.mark.parametrize(("samples", "heard"), [(40, False), (4000, True)])
def test_a_validation_set_of_few_samples_is_not_listened_to(samples: int, heard: bool) -> None:
    coarse = np.round(TURNING * samples) / samples
    assert ("GEN201" in codes(run_of(train_accuracy=RISING, val_accuracy=coarse))) is heard


def test_a_run_with_a_loss_is_left_as_it_is_and_so_is_one_without_a_score() -> None:
    with_loss = run_of(train_loss=1 - RISING, val_accuracy=TURNING)
    assert errors.judged(with_loss) is with_loss
    unbounded = run_of(val_psnr=30 + STEP)
    assert errors.judged(unbounded) is unbounded
    assert diagnose(unbounded).status == "unknown"


def test_a_pair_goes_before_a_lone_accuracy() -> None:
    judged = errors.judged(run_of(val_accuracy=TURNING, train_auc=RISING, val_auc=TURNING))
    assert {role: curve.name for role, curve in judged.curves.items()} == {
        "val/accuracy": "val/accuracy",
        "train/loss": "1 - train/auc",
        "val/loss": "1 - val/auc",
    }


def test_a_score_of_unsaid_data_is_taken_for_validation() -> None:
    judged = errors.judged(run_of(AUC=TURNING))
    assert {role: curve.name for role, curve in judged.curves.items()} == {"val/loss": "1 - AUC"}


def test_nothing_but_nan_is_no_error_to_judge_by() -> None:
    assert diagnose(run_of(val_auc=np.full(20, np.nan))).status in ("unknown", "ill")


def test_a_growing_log_is_judged_when_it_ends_and_says_the_same() -> None:
    run = run_of(train_auc=RISING, val_auc=TURNING)
    live = Live()
    rows = [{"step": i, "train/auc": RISING[i], "val/auc": TURNING[i]} for i in range(80)]
    assert live.add(rows) == []
    assert [f.code for f in live.finish("finished") if f.severity != "info"] == ["GEN203", "GEN201"]
    assert live.diagnosis("finished").findings == diagnose(run).findings
