"""How much may be expected of a run by now."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis import stages
from optcli.diagnosis.view import View


@pytest.mark.parametrize(("n", "stage"), [(30, ""), (60, "early"), (200, "late")])
def test_a_run_of_unknown_length_by_its_points(make, n, stage) -> None:
    loss = 2.3 + 0.01 * np.random.default_rng(0).normal(size=n)
    assert stages.stage(View(make({"train/loss": loss}), n - 1.0)) == stage


@pytest.mark.parametrize(("planned", "stage"), [(4000, ""), (1000, "late"), (400, "end")])
def test_a_planned_run_by_its_share(make, planned, stage) -> None:
    loss = 2.3 + 0.01 * np.random.default_rng(0).normal(size=200)
    assert stages.stage(View(make({"train/loss": loss}, planned=planned), 199.0)) == stage


@pytest.mark.parametrize(("n", "stage"), [(4, ""), (8, "early"), (16, "late")])
def test_a_log_by_epoch_needs_fewer_points(make, n, stage) -> None:
    steps = 50.0 * np.arange(1, n + 1)
    loss = 2.3 + 0.01 * np.random.default_rng(0).normal(size=n)
    run = make({"train/loss": (steps, loss), "val/loss": (steps, loss)})
    assert stages.stage(View(run, float(steps[-1]))) == stage


def test_a_run_that_is_over_is_at_its_end(make) -> None:
    loss = 2.3 + 0.01 * np.random.default_rng(0).normal(size=50)
    assert stages.stage(View(make({"train/loss": loss}), 49.0, ended=True)) == "end"
