"""Activation checkpointing: less memory, the same bits."""

import copy

import pytest
import torch
from torch import nn

from optcli.exits import Failure
from optcli.parts import find
from optcli.parts.facts import Facts
from optcli.train.build import build
from optcli.train.recompute import blocks, recompute
from optcli.train.signals import Signals
from optcli.train.world import World

IMAGE, TOKENS = Facts("classification", 64, 16, (2, 8, 8), 3), Facts("language", 64, 16, (6,), 5)
MODELS = {
    "gpt": (TOKENS, {"layers": 3, "heads": 2, "width": 8}),
    "vit": (IMAGE, {"layers": 3, "heads": 2, "width": 8}),
    "resnet": (IMAGE, {"blocks": 1, "width": 4}),
    "cnn": (IMAGE, {"channels": (4, 4, 4), "norm": "batch"}),
}
KEPT: list[int] = []


def model(name):
    torch.manual_seed(0)
    facts, options = MODELS[name]
    part = find("model", name)
    return part.build(part.Options(**options), facts)


def batch(name):
    return torch.randint(5, (4, 6)) if name == "gpt" else torch.randn(4, 2, 8, 8)


def passes(net, x):
    """Output, gradients and buffers after two passes, and the number that is drawn next."""
    torch.manual_seed(1)
    for _ in range(2):
        output = net(x)
        grads = torch.autograd.grad(output.square().sum(), list(net.parameters()))
    return output, *grads, *net.buffers(), torch.rand(1)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", MODELS)
def test_the_same_bits(name, precision):
    plain, short = model(name), model(name)
    for net in (plain, short):
        net.set_dropout(0.3)
        if hasattr(net, "set_drop_path"):
            net.set_drop_path(0.3)
    assert recompute(short, 1) == 3
    x = batch(name)
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        both = passes(plain, x), passes(short, x)
    assert all(torch.equal(a, b) for a, b in zip(*both, strict=True))
    assert list(plain.state_dict()) == list(short.state_dict())


def saved(net, x):
    """Bytes kept for the backward pass."""
    seen = {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: seen.setdefault(t.untyped_storage().data_ptr(), t.nbytes) and t, lambda t: t
    ):
        net(x)
    return sum(seen.values())


def test_less_is_kept_and_every_second_block_in_between():
    x = batch("gpt")
    sizes = []
    for every in (0, 2, 1):
        net = model("gpt")
        if every:
            assert recompute(net, every) == (2 if every == 2 else 3)
        sizes.append(saved(net, x))
    assert sizes[0] > sizes[1] > sizes[2]


def test_a_copy_of_a_model_runs_its_own_blocks():
    net = model("gpt")
    recompute(net, 1)
    twin = copy.deepcopy(net)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    assert twin.blocks(torch.randn(2, 6, 8)).abs().sum() > 0


class Counting(nn.Module):
    """Counts its forward passes in a buffer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x):
        self.passes += 1
        return torch.tanh(self.layer(x))


def test_buffers_of_own_blocks_see_one_pass():
    net = nn.Sequential(Counting(), Counting())
    assert blocks(net) == list(net)
    recompute(net, 1)
    net(torch.randn(2, 3)).sum().backward()
    assert [int(block.passes) for block in net] == [1, 1]


def test_without_gradients_nothing_is_done_twice():
    net = nn.Sequential(Counting(), Counting())
    recompute(net, 1)
    with torch.no_grad():
        net(torch.randn(2, 3))
    assert [int(block.passes) for block in net] == [1, 1]


def test_a_model_without_blocks_is_told(recipe):
    with pytest.raises(Failure, match="activation_checkpointing can't be used with model mlp: it has no repeated"):
        build(recipe("train.activation_checkpointing=true"), World("cpu"), Signals())


def test_a_run_is_the_same_with_and_without(pictures, run, journal, states, tmp_path):
    changes = (pictures, "model={name: resnet, blocks: 1, width: 4}", "regularizers.dropout.rate=0.2", "train.epochs=1")
    run(tmp_path / "plain", *changes)
    run(tmp_path / "short", *changes, "train.activation_checkpointing=every 2")
    assert journal(tmp_path / "short") == journal(tmp_path / "plain")
    assert states(tmp_path / "short") == states(tmp_path / "plain")
