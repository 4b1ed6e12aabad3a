"""Validation: exact means over all samples, whatever the batches."""

import numpy as np
import pytest
import torch
from torch import nn

from optcli import parts
from optcli.train import evaluate as module
from optcli.train.evaluate import Evaluator
from optcli.train.objective import Objective
from optcli.train.world import World


@pytest.fixture
def task():
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5))
    x, y = torch.randn(25, 3, generator=generator), torch.randint(0, 3, (25,), generator=generator)
    objective = Objective(net, net, nn.functional.cross_entropy, (), [], World("cpu").autocast())
    return net, x, y, objective


METRICS = {"accuracy": parts.find("metric", "accuracy")}


@pytest.mark.parametrize("least", [4, 25, 512])
def test_the_last_small_batch_weighs_as_little_as_it_should(task, monkeypatch, least):
    net, x, y, objective = task
    monkeypatch.setattr(module, "LEAST_BATCH", least)
    values = Evaluator(objective, x.numpy(), y.numpy(), METRICS, 2, World("cpu"))()
    net.eval()
    with torch.no_grad():
        output = net(x)
    assert values["val/loss"] == pytest.approx(nn.functional.cross_entropy(output, y).item(), rel=1e-6)
    assert values["val/accuracy"] == pytest.approx((output.argmax(1) == y).double().mean().item())


def test_the_model_is_back_in_training_mode_and_nothing_was_drawn(task):
    net, x, y, objective = task
    net.train()
    state = torch.get_rng_state()
    Evaluator(objective, x, y, {}, 4, World("cpu"))()
    assert net.training
    assert torch.equal(torch.get_rng_state(), state)


def test_a_signal_interrupts_it(task, monkeypatch):
    _, x, y, objective = task
    monkeypatch.setattr(module, "LEAST_BATCH", 4)
    asked = iter([False, False, True])
    assert Evaluator(objective, x, y, {}, 4, World("cpu"), lambda: next(asked))() is None


def test_all_processes_evaluate_the_first_ones_running_statistics(task, monkeypatch):
    _, x, y, _ = task
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3))
    objective = Objective(net, net, nn.functional.cross_entropy, (), [], World("cpu").autocast())
    world = World("cpu")

    def align(tensors):
        for tensor, value in zip(tensors, (5.0, 2.0, 7.0), strict=True):
            tensor.fill_(value)

    monkeypatch.setattr(world, "align", align)
    values = Evaluator(objective, x, y, {}, 4, world)()
    net.eval()
    assert net[0].running_mean.tolist() == [5, 5, 5]
    assert values["val/loss"] == pytest.approx(nn.functional.cross_entropy(net(x), y).item(), rel=1e-6)


def test_processes_share_the_samples(task, monkeypatch):
    _, x, y, objective = task
    whole = Evaluator(objective, x, y, METRICS, 4, World("cpu"))()
    sums = []
    for rank in range(2):
        world = World("cpu")
        monkeypatch.setattr(world, "rank", rank)
        monkeypatch.setattr(world, "size", 2)
        monkeypatch.setattr(world, "sum_", lambda tensor: sums.append(tensor) or tensor)
        Evaluator(objective, x, y, METRICS, 4, world)()
    count, loss, right, _ = np.sum([s.numpy() for s in sums], axis=0)
    assert count == 25
    assert (loss / count, right / count) == pytest.approx((whole["val/loss"], whole["val/accuracy"]))
