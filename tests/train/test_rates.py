"""The schedule's factor, with and without a memory."""

import pytest

from optcli.train.rates import Rates


def rates(recipe, *changes):
    return Rates(recipe(*changes).scheduled())


def test_a_pure_schedule_is_a_function_of_the_step(recipe):
    made = rates(recipe, "schedule.name=linear", "schedule.warmup=4")
    factors = [made(step) for step in range(24)]
    assert factors[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert factors[-1] < 0.1
    made.observe({"val/loss": 1.0})
    assert made.state_dict() == {}


def test_a_plateau_drops_the_rate_and_remembers_it(recipe):
    changes = ("schedule.name=plateau", "schedule.patience=0", "schedule.gamma=0.5")
    made = rates(recipe, *changes)
    made.observe({"val/loss": 1.0})
    assert made(10) == 1.0
    made.observe({"val/loss": 1.0})
    assert made(10) == 0.5
    again = rates(recipe, *changes)
    again.load_state_dict(made.state_dict())
    assert again(10) == 0.5
