"""The gate: up for a bad step, and what it guards stays as it was."""

import pytest
import torch
from torch import nn

from optcli.train.gate import Gate, Keeper, ScalingGate, changing_buffers
from optcli.train.world import World

BAD = [float("nan"), float("inf"), -float("inf")]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", [0, 2])
def test_it_rises_for_any_bad_value_and_stays_up(bad, place):
    gate, head = Gate(World("cpu"), latched=True), torch.ones(3)
    gate.check(head)
    assert gate.up == 0
    head[place] = bad
    gate.check(head)
    assert gate.up == 1
    gate.check(torch.ones(3))
    assert gate.up == 1
    gate.lower()
    gate.check(torch.ones(3))
    assert gate.up == 0


def test_checking_leaves_the_true_values():
    head = torch.tensor([float("inf"), 3.0])
    Gate(World("cpu"), latched=True).check(head)
    assert head.tolist() == [float("inf"), 3.0]


def test_unlatched_each_step_stands_for_itself():
    gate = Gate(World("cpu"), latched=False)
    gate.check(torch.tensor([float("nan")]))
    assert gate.up == 1
    gate.check(torch.ones(1))
    assert gate.up == 0


def test_the_loss_scale_moves_as_torchs_does():
    ours, theirs = ScalingGate(World("cpu"), latched=True), torch.amp.GradScaler("cpu", growth_interval=2000)
    parameter = nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], 0.0)
    for step in range(40):
        grad = torch.full((2,), float("inf") if step % 7 == 3 else 1.0)
        theirs.scale(torch.ones(()))
        parameter.grad = grad.clone()
        theirs.step(optimizer)
        theirs.update()
        grads = [grad.clone()]
        ours.unscale(grads)
        ours.check(torch.ones(2))
        assert ours.up == float(step % 7 == 3)
        ours.after()
        assert ours.scale == theirs.get_scale()
    again = ScalingGate(World("cpu"), latched=True)
    again.load_state_dict(ours.state_dict())
    assert again.state_dict() == ours.state_dict()


def test_fp16_takes_a_bad_loss_for_a_fault_and_an_overflow_not():
    gate = ScalingGate(World("cpu"), latched=True)
    gate.unscale([torch.tensor([float("inf")])])
    gate.check(torch.tensor([1.0, float("inf")]))
    assert gate.up == 1
    gate.unscale([torch.ones(1)])
    gate.check(torch.tensor([1.0, 1.0]))
    assert gate.up == 0
    gate.unscale([torch.ones(1)])
    gate.check(torch.tensor([float("nan"), 1.0]))
    gate.check(torch.tensor([1.0, 1.0]))
    assert gate.up == 1


@pytest.mark.parametrize("up", [False, True])
def test_the_keeper_puts_back_what_a_bad_step_changed(up):
    gate = Gate(World("cpu"), latched=True)
    keeper, kept, born = Keeper(gate), torch.ones(2), torch.full((2,), 5.0)
    counter = torch.tensor(3)
    keeper.keep([kept, counter])
    kept.fill_(float("nan") if up else 2.0)
    counter += 1
    gate.check(torch.tensor([float("nan") if up else 0.0]))
    keeper.settle([born])
    assert kept.tolist() == ([1.0, 1.0] if up else [2.0, 2.0])
    assert counter == (3 if up else 4)
    assert born.tolist() == ([0.0, 0.0] if up else [5.0, 5.0])


def test_running_statistics_are_guarded_and_masks_of_torch_are_not():
    net = nn.Sequential(
        nn.Linear(2, 2), nn.BatchNorm1d(2), nn.LayerNorm(2), nn.BatchNorm1d(2, track_running_stats=False)
    )
    assert len(changing_buffers(net)) == 3
