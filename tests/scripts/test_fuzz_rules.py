"""Rules judge anything without an exception; a sample of the campaign."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.run.curve import Curve, Run

CAMPAIGN = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "fuzz_rules.py"))


def test_no_rule_raises_on_a_sample_of_anything() -> None:
    assert CAMPAIGN["problems"](range(400)) == {}


def test_a_rule_that_raises_is_told_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Run) -> None:
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr(engine, "diagnose", broken)
    ((what, seed),) = CAMPAIGN["problems"](range(7, 9)).items()
    assert what.startswith("ZeroDivisionError: float division by zero (")
    assert seed == 7


STEP = np.arange(60.0)


@pytest.mark.parametrize(
    ("curves", "seams"),
    [
        ({"train/loss": 1e3 * np.exp(-STEP / 9), "train/accuracy": 0.5 + 0 * STEP}, ()),  # exp(1000)
        ({"train/loss": 1e-320 + 0 * STEP}, ()),  # noise over a level of nothing
        ({"train/loss": np.where(STEP < 59, 9.0, np.nan), "train/accuracy": 0.5 + 0 * STEP}, (59.0,)),  # went on to NaN
        ({"train/loss": np.exp(-STEP / 9), "step_time": np.where(STEP % 9 == 8, 60.0, 0.0)}, ()),  # whole seconds
    ],
)
def test_what_once_raised(curves: dict[str, np.ndarray], seams: tuple[float, ...]) -> None:
    run = Run("x", "made", {role: Curve(role, STEP, v) for role, v in curves.items()}, end="finished", seams=seams)
    assert engine.diagnose(run).status in ("healthy", "ill", "unknown")


def test_validation_besides_one_training_loss_that_is_no_number() -> None:
    train, val = Curve("train/loss", STEP[-1:], np.array([np.nan])), Curve("val/loss", STEP, np.exp(-STEP / 9))
    run = Run("x", "made", {"train/loss": train, "val/loss": val}, end="finished")
    assert [f.code for f in engine.diagnose(run, select=["GEN207", "NUM301"]).findings] == ["NUM301"]
