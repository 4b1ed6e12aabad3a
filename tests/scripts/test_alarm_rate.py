"""The campaign of made-up healthy runs, a small sample of it."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def campaign():
    sys.path.insert(0, str(SCRIPTS))
    try:
        return runpy.run_path(str(SCRIPTS / "alarm_rate.py"), run_name="alarm_rate")
    finally:
        sys.path.remove(str(SCRIPTS))


def test_a_run_is_the_same_whenever_it_is_drawn(campaign) -> None:
    once, again = (campaign["draw"](3, 17)[1] for _ in range(2))
    assert all(np.array_equal(once.curves[r].value, again.curves[r].value) for r in once.curves | again.curves)


def test_every_family_falls_and_is_finite(campaign) -> None:
    for number in range(3 * len(campaign["FAMILIES"])):
        family, run = campaign["draw"](1, number)
        loss = run.curves["train/loss"].value
        assert np.isfinite(loss).all(), family
        assert np.median(loss[-len(loss) // 5 :]) < np.median(loss[: max(1, len(loss) // 50)]), family


def test_few_of_a_sample_alarm(campaign) -> None:
    """Of 1,200 runs one in twenty alarms, most of them in the two families that are drawn to be hard."""
    alarms = [row for row in (campaign["judge"](number, 0) for number in range(120)) if row[2]]
    assert len(alarms) <= 12, alarms
