"""In which order layers work, and which are heads."""

import torch
from torch import nn

from optcli.parts.optimizers import _groups
from optcli.parts.optimizers._order import Order, watch


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.inner = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8))

    def forward(self, x):
        y = self.norm(x)
        return x + self.inner(self.attention(y, y, y, need_weights=False)[0])


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.zeros(1, 1, 8))
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.embed = nn.Linear(4, 8)  # made last, used first

    def forward(self, x):
        h = self.embed(x) + self.start
        for block in self.blocks:
            h = block(h)
        return h.mean(1)


class Nested(nn.Module):
    """Its heads are made before its backbone."""

    def __init__(self, raw=True):
        super().__init__()
        self.head, self.side, self.raw = nn.Linear(8, 3), nn.Linear(8, 2), raw
        self.backbone = Backbone()

    def forward(self, x):
        h = self.backbone(x)
        if not self.raw:
            return self.head(h).log_softmax(-1)
        return {"main": self.head(h), "more": [self.side(h)[:, 0]]}


def seen(model):
    return watch(model, lambda: model(torch.randn(2, 5, 4)))


def names(model, wanted):
    return {name for name, p in model.named_parameters() if id(p) in wanted}


def test_heads_are_the_layers_whose_output_is_given():
    model = Nested()
    assert seen(model).heads == {id(model.head), id(model.side)}
    assert not seen(Nested(raw=False)).heads


def test_hidden_matrices_are_all_others():
    model = Nested()
    parts = ("attention.in_proj_weight", "attention.out_proj.weight", "inner.0.weight", "inner.2.weight")
    inside = {f"backbone.blocks.{n}.{part}" for n in range(3) for part in parts}
    hidden = {*inside, "backbone.embed.weight"}
    assert names(model, _groups._hidden(model, seen(model))) == hidden
    model = Nested(raw=False)  # the last one that worked is the head; nothing tells of `side`, which never does
    assert names(model, _groups._hidden(model, seen(model))) == {*hidden, "side.weight"}


def test_rates_fall_from_the_head_down_through_the_blocks_of_a_backbone():
    model = Nested(raw=False)
    del model.side
    groups = _groups.groups(model, 0.0, layer_decay=0.5, order=seen(model))
    scales = {id(p): group["lr_scale"] for group in groups for p in group["params"]}
    named = {name: scales[id(p)] for name, p in model.named_parameters()}
    assert named["head.weight"] == 1.0
    assert [named[f"backbone.blocks.{n}.inner.0.weight"] for n in range(3)] == [0.125, 0.25, 0.5]
    assert named["backbone.embed.weight"] == named["backbone.start"] == 0.0625


def test_without_a_forward_pass_layers_are_taken_as_they_were_made():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    assert names(model, _groups._hidden(model, Order())) == {"0.weight"}


def test_watching_leaves_no_hooks():
    model = Nested()
    seen(model)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
