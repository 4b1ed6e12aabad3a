"""Accumulated steps in double precision have the bits of the big batch, where they are the big batch at all."""

import pytest
import torch
from torch import nn

import optcli
from optcli.train.build import build
from optcli.train.eighths import cut
from optcli.train.signals import Signals
from optcli.train.world import World

FINE = ("train.precision=fp64", "data.n=320", "model.hidden=[24, 24]")


def built(recipe, accumulate, *changes, batch=64):
    wish = recipe(*FINE, f"data.batch_size={batch // accumulate}", f"train.accumulate={accumulate}", *changes)
    return build(wish, World("cpu", wish.train.precision), Signals())


def trained(made, steps=4):
    for number in range(steps):
        made.update(number, made.batches.at(number), made.rates(number))
        made.window.closes(number + 1, 1.0)
    return [p.detach().clone() for p in made.objective.bare.parameters()]


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("regularizers.dropout.rate=0.3", "regularizers.ema={}", "regularizers.clip_norm.max_norm=0.1"),
        ("regularizers.r_drop={}", "regularizers.label_smoothing={}", "regularizers.input_noise={}"),
        ("regularizers.sam={}", "optimizer.name=sgd"),
        ("optimizer.name=muon",),
        ("optimizer={name: lbfgs}",),
        ("model.norm=layer", "regularizers.l1.strength=1e-4"),
    ],
    ids=str,
)
def test_two_four_and_eight_batches_are_the_big_one_bit_for_bit(recipe, changes):
    big = trained(built(recipe, 1, *changes))
    assert any((a != b).any() for a, b in zip(big, trained(built(recipe, 1, *changes), steps=3), strict=True))
    for accumulate in (2, 4, 8):
        small = trained(built(recipe, accumulate, *changes))
        assert all(torch.equal(a, b) for a, b in zip(big, small, strict=True)), accumulate


@pytest.mark.parametrize(
    ("changes", "accumulate", "batch"),
    [
        (("train.precision=fp32",), 1, 64),
        (("model.norm=batch",), 1, 64),
        (("regularizers.mixup={}",), 1, 64),
        (("train.optimizer_in_backward=true",), 1, 64),
        (("loss=contrasting",), 1, 64),
        (("model=centred",), 1, 64),
        ((), 1, 60),
        ((), 16, 64),
    ],
    ids=str,
)
def test_what_a_batch_has_to_be_whole_for_is_not_cut(recipe, changes, accumulate, batch):
    optcli.loss(contrasting)
    optcli.model(centred)
    changes = (*changes, *(["model.hidden=null"] if "model=centred" in changes else []))
    made = built(recipe, accumulate, *changes, batch=batch)
    assert made.info["parts"] == 1
    trained(made, 1)


def contrasting(output, target):
    """A loss that compares the samples of a batch with one another."""
    spread = torch.cdist(output, output) + torch.eye(len(output), dtype=output.dtype)
    return nn.functional.cross_entropy(output, target) + 1 / spread.mean()


def centred(facts):
    class Centred(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(facts.shape[0], facts.outputs)

        def forward(self, x):
            return self.layer(x - x.mean(0))

    return Centred()


def test_the_choice_is_kept_by_a_run_that_goes_on(recipe):
    made = built(recipe, 1)
    assert made.info["parts"] == 8
    wish = recipe(*FINE)
    assert build(wish, World("cpu", "fp64"), Signals(), chosen=made.info).info["parts"] == 8


def test_cut_keeps_the_order_of_the_samples():
    x, y = torch.arange(16), torch.arange(16, 32)
    for given in ([(x, y)], [(x[:8], y[:8]), (x[8:], y[8:])]):
        pieces = cut(given, 8)
        assert [len(x) for x, _ in pieces] == [2] * 8
        assert torch.equal(torch.cat([x for x, _ in pieces]), x)
        assert torch.equal(torch.cat([y for _, y in pieces]), y)
    assert cut([(x, y)], 1) == [(x, y)]
