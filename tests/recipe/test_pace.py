"""An absolute floor of the rate is the share of the peak that it is."""

import pytest

from optcli.recipe import loads

TEXT = "data: {name: digits}\noptimizer: {lr: 0.01}\ntrain: {steps: 50}\n"


@pytest.mark.parametrize("name", ["cosine", "linear", "wsd", "polynomial", "exponential", "step", "inverse_sqrt"])
def test_a_floor_of_the_rate_is_its_share_of_the_peak(name: str) -> None:
    absolute = loads(TEXT + f"schedule: {{name: {name}, warmup: 5, min_lr: 2e-3}}\n")
    share = loads(TEXT + f"schedule: {{name: {name}, warmup: 5, min_ratio: 0.2}}\n")
    rates = [[r.scheduled().rate(step) for step in range(50)] for r in (absolute, share)]
    assert rates[0] == pytest.approx(rates[1])
    assert min(rates[0][6:]) >= 0.2 - 1e-9
    assert "min_lr" in absolute.to_dict()["schedule"]
    assert "min_lr" not in share.to_dict()["schedule"]
