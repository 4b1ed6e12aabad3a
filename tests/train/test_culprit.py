"""The first bad place of a bad step."""

import numpy as np
import pytest
import torch
from torch import nn

from optcli.train.culprit import locate, numbered
from optcli.train.objective import Objective
from optcli.train.probes import Row
from optcli.train.world import World

X, Y = torch.ones(4, 3), torch.tensor([0, 1, 2, 0])


def objective(net):
    return Objective(net, net, nn.functional.cross_entropy, (), [], World("cpu").autocast())


def row(*norms):
    return Row(1, 1.0, 1.0, None, None, 1.0, 0.0, 0.0, np.array(norms, dtype=np.float32), False)


def net():
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 5), nn.Linear(5, 3))


def test_a_bad_input_is_named_with_its_share():
    bad = X.clone()
    bad[1, 2] = float("nan")
    place, told = locate(objective(net()), [(X, Y), (bad, Y)], row(), [])
    assert place == "input"
    assert told == "the input of 1 of the batch's samples holds NaN or infinity"
    found = locate(objective(net()), [(X, Y), (bad, Y)], row(), [], range(100, 108))
    assert found == (place, f"{told}: sample 105")


def test_many_samples_are_told_by_the_first_numbers():
    assert numbered([3, 1]) == "samples 3, 1"
    assert numbered(range(10)) == "samples 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"


@pytest.mark.parametrize("layer", ["0", "2", "3"])
def test_the_first_bad_layer_is_named_and_nothing_is_changed(layer):
    made = net()
    with torch.no_grad():
        made.get_submodule(layer).weight[0, 0] = float("inf")
    before = {k: v.clone() for k, v in made.state_dict().items()}
    place, told = locate(objective(made), [(X, Y)], row(), [])
    assert place == layer
    assert "Linear" in told
    assert all(torch.equal(v, before[k]) for k, v in made.state_dict().items())


def test_a_loss_that_alone_is_bad():
    made = objective(nn.Linear(3, 3))
    made._train_loss = lambda output, target: output.sum() * float("nan")
    assert locate(made, [(X, Y)], row(), [])[0] == "loss"


def test_what_does_not_come_again_is_told_by_the_gradients():
    names = ["a", "b", "c"]
    place, told = locate(objective(net()), [(X, Y)], row(np.nan, np.inf, 1.0), names)
    assert place == "b"
    assert "2 of 3" in told
    assert locate(objective(net()), [(X, Y)], row(1.0, 1.0, 1.0), names)[0] == "loss"
