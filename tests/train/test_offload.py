"""State in the host's memory: on a CPU only the order of things can be tried; `tests/gpu` has the copies."""

import pytest
import torch

from optcli.train.build import build
from optcli.train.offload import Offloaded
from optcli.train.signals import Signals
from optcli.train.world import World

NAMES = {
    "adamw": ("optimizer.name=adamw", "optimizer.lr=0.01"),
    "sgd": ("optimizer.name=sgd", "optimizer.momentum=0.9", "optimizer.lr=0.01"),
    "lion": ("optimizer.name=lion", "optimizer.lr=0.01"),
    "rmsprop": ("optimizer.name=rmsprop", "optimizer.lr=0.01"),
}


def built(recipe, *changes, away=False):
    made = build(recipe(*changes), World("cpu"), Signals())
    if away:
        made.update._step = Offloaded(made.optimizer, World("cpu"))
    return made


LAST = 0.01 * 0.875
"""The rate of the last step taken."""


def steps(made, start, stop):
    for number, batches in made.batches.stream(start, stop):
        made.update(number, batches, 1 - number / 64)


def everything(made):
    state = [t for one in made.optimizer.state.values() for _, t in sorted(one.items())]
    return [t.clone() for t in (*made.objective.bare.parameters(), *state)]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bits_also_after_loading(recipe, name):
    plain, away = built(recipe, *NAMES[name]), built(recipe, *NAMES[name], away=True)
    for made in (plain, away):
        steps(made, 0, 5)
    again = built(recipe, *NAMES[name], away=True)
    again.objective.bare.load_state_dict(away.objective.bare.state_dict())
    again.optimizer.load_state_dict(away.optimizer.state_dict())
    for made in (plain, away, again):
        steps(made, 5, 9)
    assert {group["lr"] for made in (plain, away, again) for group in made.optimizer.param_groups} == {LAST}
    for other in (away, again):
        assert all(torch.equal(a, b) for a, b in zip(everything(plain), everything(other), strict=True))


def test_a_bad_step_changes_nothing(recipe):
    made = built(recipe, away=True)
    steps(made, 0, 1)
    before = everything(made)
    x, y = made.batches.at(1)[0]
    made.update(1, [(x * float("nan"), y)], 1.0)
    assert all(torch.equal(a, b) for a, b in zip(before, everything(made), strict=True))


def test_on_a_cpu_it_says_that_it_does_nothing(run, tmp_path, capsys):
    run(tmp_path / "r", "train.offload=optimizer", "train.device=auto", device="cpu")
    assert "train.offload=optimizer has no effect on a CPU" in capsys.readouterr().err
