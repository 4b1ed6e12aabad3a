"""The loss with its regularizers, and errors in models told apart from our own."""

import pytest
import torch
from torch import nn

from optcli.train.objective import ModelFailed, Objective
from optcli.train.world import World

X, Y = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1, 2])


class Penalty:
    def penalty(self, params):
        return torch.stack([p.square().sum() for p in params]).sum()


class Doubled:
    def on_loss(self, loss):
        return lambda output, target: 2 * loss(output, target)


def objective(net, *regularizers, loss=nn.functional.cross_entropy, context=None):
    weights = [p for p in net.parameters() if p.ndim > 1]
    return Objective(net, net, loss, regularizers, weights, context or World("cpu").autocast())


def test_penalties_and_changed_losses_are_for_training_only():
    net = nn.Linear(3, 3)
    plain = nn.functional.cross_entropy(net(X), Y)
    made = objective(net, Penalty(), Doubled())
    assert made(X, Y).item() == pytest.approx((2 * plain + net.weight.square().sum()).item())
    assert made.evaluate(X, Y)[1].item() == plain.item()


def test_autocast_is_applied_and_the_loss_is_float32():
    net = nn.Linear(3, 3)
    made = objective(net, context=World("cpu", "bf16").autocast())
    assert made(X, Y).dtype == torch.float32
    assert made.evaluate(X, Y)[0].dtype == torch.bfloat16


def test_an_error_says_which_part_and_what_batch():
    with pytest.raises(ModelFailed) as caught:
        objective(nn.Linear(4, 3))(X, Y)
    assert (caught.value.part, caught.value.shapes) == ("model", "input (6, 3), target (6)")
    with pytest.raises(ModelFailed) as caught:
        objective(nn.Linear(3, 2))(X, Y)
    assert caught.value.part == "loss"
    with pytest.raises(ModelFailed) as caught:
        objective(nn.Linear(3, 3), loss=lambda output, target: output.sum(1))(X, Y)
    assert "must be a scalar" in str(caught.value.__cause__)


def test_a_probe_compiles_nothing():
    """Ctrl-C in a compilation kills the compiler, and a graph for one pass isn't worth the wait either."""
    net = nn.Linear(3, 3)

    def compiled(*inputs):
        raise AssertionError("compiled")

    net._compiled_call_impl = compiled
    objective(net).probe(X, Y)
    assert net._compiled_call_impl is compiled


def test_a_probe_leaves_running_statistics_alone():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3))
    before = {k: v.clone() for k, v in net.state_dict().items()}
    objective(net).probe(X, Y)
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    with pytest.raises(ModelFailed):
        objective(nn.Linear(4, 3)).probe(X, Y)


@pytest.mark.parametrize("backward", [True, False])
def test_a_try_takes_a_backward_pass_only_where_that_is_wanted(monkeypatch, backward):
    made, taken = objective(nn.Linear(3, 3)), []
    grad = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *given, **named: taken.append(1) or grad(*given, **named))
    made.probe(X, Y, backward=backward)
    assert bool(taken) is backward
    assert all(p.grad is None for p in made.bare.parameters())
