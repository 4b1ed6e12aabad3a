"""How long a step takes."""

import numpy as np

from optcli.diagnosis.pace import pace
from optcli.diagnosis.view import View


def test_the_pace_is_logged_or_comes_from_throughput_or_the_clock(make, fall) -> None:
    took = 0.5 + 0.001 * np.arange(400)
    logged = pace(View(make({"train/loss": fall, "step_time": took, "throughput": 9 / took}), 399))
    assert logged is not None
    np.testing.assert_allclose(logged.value, took)
    rate = pace(View(make({"train/loss": fall, "throughput": 9 / took}), 399))
    assert rate is not None
    np.testing.assert_allclose(rate.value, took / 9)
    assert pace(View(make({"train/loss": fall, "throughput": 0 * took}), 399)) is None
    steps = 3 * np.arange(400)
    clock = pace(View(make({"train/loss": (steps, fall, np.cumsum(took))}), 1200))
    assert clock is not None
    np.testing.assert_allclose(clock.value, took[1:] / 3)
    assert pace(View(make({"train/loss": fall}), 399)) is None
