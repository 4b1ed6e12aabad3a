"""The base of optcli's own optimizers."""

import pytest
import torch

from optcli.parts.optimizers import _gain
from optcli.parts.optimizers._own.net import Own, decayed, descend


def plain(params, grads, state, group, lr, found_inf):
    torch._foreach_add_(state["sum"], grads)
    descend(params, decayed(params, grads, group, lr), lr)


@pytest.fixture
def made():
    params = [torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.full((3,), 2.0))]
    groups = [{"params": params, "lr": 0.1, "initial_lr": 0.1, "weight_decay": 0.0}]
    return params, Own("Plain", groups, {"decoupled": True}, ["step", "sum"], plain, _gain.momentum)


def test_state_exists_from_the_start(made):
    params, optimizer = made
    assert [sorted(optimizer.state[p]) for p in params] == [["step", "sum"]] * 2


def test_step_uses_the_gradients_and_the_group_s_rate(made):
    (first, second), optimizer = made
    first.grad = torch.ones(2)
    optimizer.step()
    torch.testing.assert_close(first.data, torch.full((2,), 0.9))
    assert torch.equal(second.data, torch.full((3,), 2.0))
    assert [optimizer.state[p]["step"].item() for p in (first, second)] == [1.0, 0.0]


def test_closure_is_called_and_its_loss_returned(made):
    (first, _), optimizer = made

    def closure():
        loss = first.square().sum()
        (first.grad,) = torch.autograd.grad(loss, [first])
        return loss

    assert optimizer.step(closure).item() == 2.0
    torch.testing.assert_close(first.data, torch.full((2,), 0.8))


def test_a_load_from_elsewhere_is_bound(made):
    (first, second), optimizer = made
    optimizer.load_state_dict(optimizer.state_dict())
    first.grad, second.grad = torch.ones(2), torch.ones(3)
    optimizer.step()
    assert torch.equal(optimizer.state[first]["sum"], torch.ones(2))


@pytest.mark.parametrize("lr", [0.1, torch.tensor(0.1)])
def test_rate_on_host_or_device(lr):
    params = [torch.ones(2)]
    descend(params, [torch.ones(2)], lr)
    torch.testing.assert_close(params[0], torch.full((2,), 0.9))


def test_repr_tells_the_name(made):
    assert repr(made[1]) == "Plain(1 groups)"
