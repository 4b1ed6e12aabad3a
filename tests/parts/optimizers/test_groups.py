"""Parameter groups: by the type of the module that owns a parameter."""

import torch
from torch import nn

from optcli.parts.optimizers import _groups


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.conv = nn.Embedding(5, 4), nn.Conv1d(4, 4, 3)
        self.batch, self.rms, self.layer = nn.BatchNorm1d(4), nn.RMSNorm(4), nn.LayerNorm((2, 4))
        self.slope, self.gain = nn.PReLU(), nn.Parameter(torch.ones(4))
        self.inner, self.head = nn.Linear(4, 4), nn.Linear(4, 5, bias=False)
        self.head.weight = self.words.weight
        self.frozen = nn.Linear(2, 2).requires_grad_(False)


def names(model: nn.Module, params: list[torch.Tensor]) -> set[str]:
    known = {id(p): name for name, p in model.named_parameters()}
    return {known[id(p)] for p in params}


def test_only_weights_of_linear_and_convolution_are_decayed():
    model = Net()
    decayed, spared = _groups.groups(model, 0.1)
    assert (decayed["name"], decayed["weight_decay"], decayed["lr_scale"]) == ("decayed", 0.1, 1.0)
    assert (spared["name"], spared["weight_decay"]) == ("not decayed", 0.0)
    assert names(model, decayed["params"]) == {"conv.weight", "inner.weight"}
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert names(model, spared["params"]) == trained - {"conv.weight", "inner.weight"}


def test_weights_are_those_that_would_be_decayed():
    model = Net()
    assert names(model, _groups.weights(model)) == {"conv.weight", "inner.weight"}


def test_without_decay_one_group_has_all():
    model = Net()
    (group,) = _groups.groups(model, 0.0)
    assert [id(p) for p in group["params"]] == [id(p) for p in model.parameters() if p.requires_grad]


def test_no_empty_group():
    assert [g["name"] for g in _groups.groups(nn.Linear(2, 2, bias=False), 0.1)] == ["decayed"]
    assert _groups.groups(nn.ReLU(), 0.1) == []


def test_hidden_matrices_are_all_but_the_head():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3), nn.Linear(3, 4))
    (group,) = _groups.groups(model, 0.0)
    hidden = [p for p, is_hidden in zip(group["params"], group["hidden"], strict=True) if is_hidden]
    assert names(model, hidden) == {"0.weight", "2.weight"}


def test_an_embedding_that_is_the_head_is_not_hidden():
    model = Net()
    groups = _groups.groups(model, 0.1)
    hidden = [p for group in groups for p, is_hidden in zip(group["params"], group["hidden"], strict=True) if is_hidden]
    assert names(model, hidden) == {"conv.weight", "inner.weight"}


def test_description():
    lines = _groups.describe(_groups.groups(nn.Linear(30, 50), 0.01))
    assert lines == [
        "decayed: 1 tensors, 1,500 values, weight decay 0.01",
        "not decayed: 1 tensors, 50 values, weight decay 0",
    ]
    (group,) = _groups.groups(nn.Linear(2, 2), 0.0)
    assert _groups.describe([{**group, "lr_scale": 10.0}]) == ["all: 2 tensors, 6 values, weight decay 0, lr x 10"]
