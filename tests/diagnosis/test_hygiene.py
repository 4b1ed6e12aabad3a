"""Notes on the log itself."""

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.hygiene import notes

STEP = np.arange(400)
NOISE = np.random.default_rng(0).normal(size=400)
FALL = 0.5 + 2.0 * np.exp(-STEP / 80)


def codes(run) -> list[str]:
    return [note.code for note in notes(run)]


def test_nothing_and_next_to_nothing_can_not_be_judged(make) -> None:
    assert codes(make({"lr": STEP})) == ["RUN704"]
    assert codes(make({"train/loss": FALL[:4]})) == ["RUN704"]
    assert codes(make({"train/loss": FALL})) == []


def test_few_points_far_apart_are_coarse(make) -> None:
    assert codes(make({"train/loss": (STEP[:8] * 500, FALL[:8])})) == ["RUN703"]
    assert codes(make({"train/loss": (STEP[:8] * 500, FALL[:8])}, axis="epoch")) == []
    assert codes(make({"train/loss": (STEP[:8] * 10, FALL[:8])})) == []
    assert codes(make({"train/loss": (STEP[:100] * 500, FALL[:100])})) == []


@pytest.mark.parametrize(
    ("factor", "more", "said"),
    [
        (1.0, 0.0, []),
        (1.0, 0.8, ["RUN701"]),  # what was learned is lost in part
        (1.0, -0.3, ["RUN701"]),
        (4.0, 0.0, ["RUN707"]),  # a sum for a mean
        (0.5, 0.0, ["RUN707"]),
        (2.5, 0.0, ["RUN701"]),  # no whole number
    ],
)
def test_levels_on_both_sides_of_a_restart(make, factor, more, said) -> None:
    loss = FALL * (1 + 0.02 * NOISE)
    loss = np.where(STEP >= 200, factor * loss + more, loss)
    assert codes(make({"train/loss": loss}, seams=(200.0,))) == said
    assert codes(make({"train/loss": loss})) == []


def test_a_jump_by_a_whole_number_without_its_noise_is_no_other_scale(make) -> None:
    loss = np.where(STEP >= 200, 3 * FALL[200], FALL) + 0.02 * NOISE
    assert codes(make({"train/loss": loss}, seams=(200.0,))) == ["RUN701"]


def test_a_restart_with_too_little_on_one_side_says_nothing(make) -> None:
    loss = np.where(STEP >= 398, 5.0, FALL)
    assert codes(make({"train/loss": loss}, seams=(398.0,))) == []


def test_an_accuracy_that_is_an_error_rate(make) -> None:
    val = STEP[9::10]
    curves = {"train/loss": FALL, "val/loss": (val, FALL[val]), "val/accuracy": (val, 0.3 * FALL[val])}
    assert codes(make(curves)) == ["RUN706"]
    assert codes(make({**curves, "val/accuracy": (val, 1 - 0.3 * FALL[val])})) == []
    assert codes(make({**curves, "val/accuracy": (val, 0.9 - 0.0003 * val)})) == []
    assert codes(make({**curves, "val/loss": (val, 2.0 + 0.001 * val)})) == []


def test_notes_ask_for_no_action(make) -> None:
    loss = np.where(STEP >= 200, 4.0, 1.0) * FALL * (1 + 0.02 * NOISE)
    diagnosis = engine.diagnose(make({"train/loss": loss}, seams=(200.0,)), select=["RUN"])
    assert (diagnosis.status, [n.code for n in diagnosis.notes]) == ("healthy", ["RUN707"])


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1e300, 1e300])
def test_curves_of_anything_are_taken(make, value) -> None:
    loss = np.where(STEP >= 200, value, FALL)
    assert isinstance(codes(make({"train/loss": loss, "val/loss": loss, "val/accuracy": loss}, seams=(200.0,))), list)
    assert isinstance(codes(make({"train/loss": np.full(9, value)}, seams=(4.0,))), list)


@pytest.mark.parametrize(("first", "gain", "status"), [(5000, 0.0, "unknown"), (0, 0.0, "ill"), (5000, 1.0, "healthy")])
def test_a_flat_piece_from_the_middle_of_a_run_is_not_called_healthy(make, first, gain, status) -> None:
    step = np.arange(60)
    run = make({"train/loss": (first + 10 * step, 2.303 + gain * np.exp(-step / 10) + 0.01 * NOISE[:60])})
    diagnosis = engine.diagnose(run)
    assert diagnosis.status == status
    assert ("begins at step 5000" in "".join(n.message for n in diagnosis.notes)) is (status == "unknown")


def test_a_piece_that_explodes_is_no_flat_one(make):
    loss = [0.063, 0.16, 0.058, 5.4e19, 4.3e20, 2.1e21, 7.8e21]
    diagnosis = engine.diagnose(make({"train/loss": (np.arange(435, 442), loss)}))
    assert (diagnosis.status, [f.code for f in diagnosis.findings]) == ("ill", ["OPT102"])


def test_a_piece_that_is_0_throughout_is_flat(make):
    diagnosis = engine.diagnose(make({"train/loss": (np.arange(5000, 5600, 10), np.zeros(60))}))
    assert "begins at step 5000" in "".join(note.message for note in diagnosis.notes)
