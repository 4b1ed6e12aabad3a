"""Parameter groups: by the type of the module that owns a parameter."""

import pytest
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
    lines = _groups.describe(_groups.groups(nn.Linear(30, 50), 0.01), 1e-3)
    assert lines == [
        "decayed: 1 tensors, 1,500 values, weight decay 0.01",
        "not decayed: 1 tensors, 50 values, weight decay 0",
    ]
    (group,) = _groups.groups(nn.Linear(2, 2), 0.0)
    assert _groups.describe([{**group, "lr_scale": 10.0}], 1e-3) == [
        "all: 2 tensors, 6 values, weight decay 0, lr 0.01 (x 10)"
    ]


class Wish:
    def __init__(self, lr_scale=1.0, weight_decay=None, lr=None):
        self.lr_scale, self.weight_decay, self.lr = lr_scale, weight_decay, lr


def test_wishes_by_path_and_by_type():
    model = Net()
    wishes = {"inner": Wish(10.0), "*.bias": Wish(weight_decay=0.5), "RMSNorm": Wish(2.0)}
    found = {g["name"]: g for g in _groups.groups(model, 0.1, wishes=wishes)}
    assert names(model, found["inner, decayed"]["params"]) == {"inner.weight"}
    assert (found["inner, decayed"]["lr_scale"], found["inner, decayed"]["weight_decay"]) == (10.0, 0.1)
    biases = found["*.bias, not decayed"]
    assert names(model, biases["params"]) == {"conv.bias", "batch.bias", "layer.bias", "inner.bias"}
    assert (biases["lr_scale"], biases["weight_decay"]) == (1.0, 0.5)
    assert names(model, found["RMSNorm, not decayed"]["params"]) == {"rms.weight"}
    every = [id(p) for g in found.values() for p in g["params"]]
    assert sorted(every) == sorted(id(p) for p in model.parameters() if p.requires_grad)


def test_a_rate_of_its_own_is_told_as_a_factor():
    wishes = {"inner": Wish(lr=0.5), "RMSNorm": Wish(2.0)}
    model = Net()
    found = {g["name"]: g for g in _groups.groups(model, 0.1, lr=0.1, wishes=wishes, layer_decay=0.5)}
    (inner,) = (g for name, g in found.items() if name.startswith("inner") and g["weight_decay"])
    assert inner["lr_scale"] == pytest.approx(5.0)
    assert _groups.describe([inner], 0.1)[0].endswith("lr 0.5 (x 5)")


def test_sparse_embeddings_are_marked():
    model = nn.Module()
    model.table, model.tied = nn.Embedding(5, 3, sparse=True), nn.Embedding(4, 3, sparse=True)
    model.head = nn.Linear(3, 4, bias=False)
    model.head.weight = model.tied.weight
    (group,) = _groups.groups(model, 0.0)
    assert [tuple(p.shape) for p, sparse in zip(group["params"], group["sparse"], strict=True) if sparse] == [(5, 3)]


def test_a_pattern_that_means_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="`tail` matches no parameter; the model has gain, words, conv"):
        _groups.groups(Net(), 0.0, wishes={"tail": Wish()})


def test_rates_fall_by_layer():
    blocks = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model = nn.Module()
    model.token, model.position = nn.Embedding(3, 4), nn.Embedding(5, 4)
    model.blocks, model.norm, model.head = blocks, nn.LayerNorm(4), nn.Linear(4, 3)
    scales = {id(p): g["lr_scale"] for g in _groups.groups(model, 0.1, layer_decay=0.5) for p in g["params"]}
    told = {name: scales[id(p)] for name, p in model.named_parameters() if "bias" not in name}
    assert told == {
        "token.weight": 0.125, "position.weight": 0.125, "blocks.0.weight": 0.25, "blocks.1.weight": 0.5,
        "norm.weight": 0.5, "head.weight": 1.0,
    }  # fmt: skip


def test_cautious_decay_has_a_name_of_its_own():
    groups = _groups.groups(nn.Linear(2, 2), 0.1, cautious=True)
    assert [(g["weight_decay"], g["cautious"]) for g in groups] == [(0.0, 0.1), (0.0, 0.0)]
    assert _groups.describe(groups, 1e-3)[0].endswith("cautious decay 0.1")
