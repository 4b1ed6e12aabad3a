"""A level that was lost again."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(400.0)
NOISE = 0.01 * np.random.default_rng(0).normal(size=400)


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (np.full(250, 1.9), True),
        (np.full(250, 0.5), False),  # a little is lost
        (1.9 * np.exp(-np.arange(250) / 80), False),  # it comes back
    ],
)
def test_flat_far_above_a_level_that_was_reached(make, later, said) -> None:
    loss = np.concatenate([0.3 + 2.0 * np.exp(-STEP[:150] / 30), later]) + NOISE
    found = engine.diagnose(make({"train/loss": loss}), select=["OPT105"]).findings
    assert [f.severity for f in found if "come down" in f.message] == ["warning"] * said


@pytest.mark.parametrize(("rate", "said"), [(0.15, "warning"), (1e-3, None)])
def test_a_rate_far_too_high_holds_a_loss_up_at_any_level(make, rate, said) -> None:
    loss = 0.37 + 0.37 * np.exp(-STEP / 6) + NOISE / 4
    config = {"optimizer.lr": rate, "optimizer.name": "adam"}
    found = engine.diagnose(make({"train/loss": loss}, config=config), select=["OPT105"])
    assert [f.severity for f in found.findings] == ([said] if said else [])
    assert [c.name for c in found.causes][:1] == (["learning-rate-too-high"] if said else [])


@pytest.mark.parametrize(("start", "said"), [(2.3, True), (4.2, False)])
def test_but_that_of_text_has_a_high_floor(make, start, said) -> None:
    loss = start * (0.55 + 0.45 * np.exp(-STEP / 6)) + NOISE
    config = {"optimizer.lr": 0.15, "optimizer.name": "adam"}
    found = engine.diagnose(make({"train/loss": loss}, config=config), select=["OPT105"]).findings
    assert any(f.severity == "warning" for f in found) is said


def test_weights_that_stand_still_cut_the_curve_off(make) -> None:
    seen = STEP[9::10]
    loss = 0.9 + 0.4 * np.exp(-np.minimum(STEP, 60) / 20) + NOISE
    val = 1.0 + 0.4 * np.exp(-np.minimum(seen, 60) / 20)
    found = engine.diagnose(make({"train/loss": loss, "val/loss": (seen, val)}), select=["OPT105"]).findings
    assert [(f.severity, f.healed_at) for f in found] == [("warning", None)]
