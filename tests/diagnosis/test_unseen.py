"""A validation loss without a training loss beside it."""

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.unseen import creeping
from optcli.diagnosis.view import View

STEP = np.arange(60.0)
NOISE = 0.005 * np.random.default_rng(0).normal(size=60)
FALL = 0.9 + 0.4 * np.exp(-STEP / 3)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (FALL + 0.008 * np.maximum(STEP - 10, 0), "GEN201"),
        (FALL + 0.4 * (STEP > 30), "OPT102"),  # in one leap
        (FALL + 0.001 * np.maximum(STEP - 10, 0), None),  # a little
        (FALL, None),
        (1.0 + 0.01 * STEP, "GEN201"),  # from the first validation on
    ],
)
def test_what_creeps_is_learned_by_heart_what_leaps_diverges(make, value, said) -> None:
    found = engine.diagnose(make({"val/loss": value + NOISE}), select=["GEN201", "OPT102"])
    assert [f.code for f in found.findings if f.healed_at is None] == ([said] if said else [])
    if said == "GEN201":
        assert found.causes[0].name == "overfit-to-data"


def test_with_a_training_loss_it_is_no_matter(make) -> None:
    creeps = 1.0 + 0.01 * STEP
    run = make({"train/loss": np.exp(-STEP / 9), "val/loss": creeps})
    assert creeping(View(run, 59)) is None
    assert creeping(View(make({"val/loss": creeps}), 59)) is not None
    assert creeping(View(make({"val/loss": creeps[:4]}), 3)) is None
