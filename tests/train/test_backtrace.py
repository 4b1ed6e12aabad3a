"""Errors of the backward pass, led back to a line of the forward pass."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

import optcli
from optcli.train.objective import ModelFailed
from optcli.train.signals import Signals
from optcli.train.world import World

HERE = Path(__file__)


class Faulty(nn.Module):
    def __init__(self, facts, fault):
        super().__init__()
        self.layer, self.fault = nn.Linear(facts.shape[0], facts.outputs), fault

    def forward(self, x):
        h = self.layer(x)
        if self.fault == "in place":
            h = h.sigmoid()
            h += 1
        if self.fault == "wrong gradient":
            h = Wrong.apply(h)
        if self.fault == "raises":
            h = Raises.apply(h)
        return h.detach() if self.fault == "cut" else h


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad[:, :1]


class Raises(Wrong):
    @staticmethod
    def backward(ctx, grad):
        raise LookupError("no gradient today")


@pytest.mark.parametrize("update", [(), ("train.optimizer_in_backward=true",)])
@pytest.mark.parametrize(
    ("fault", "line", "told"),
    [
        ("in place", "h = h.sigmoid()", "inplace operation"),
        ("wrong gradient", "h = Wrong.apply(h)", "invalid gradient"),
        ("raises", 'raise LookupError("no gradient today")', "no gradient today"),
        ("cut", None, "does not require grad"),
    ],
)
def test_the_line_is_the_one_whose_gradient_can_not_be_had(recipe, fault, line, told, update):
    from optcli.train.build import build

    @optcli.model
    def faulty(facts, fault: str = "none"):
        return Faulty(facts, fault)

    made = build(recipe("model=faulty", *update), World("cpu"), Signals())
    made.objective.bare.fault = fault
    with pytest.raises(ModelFailed) as caught:
        made.update(0, made.batches.at(0), 1.0)
    assert (caught.value.part, caught.value.backward) == ("model", True)
    assert re.search(told, str(caught.value.__cause__))
    text = HERE.read_text(encoding="utf-8").splitlines()
    wanted = next((n for n, one in enumerate(text, 1) if line and one.strip() == line), None)
    assert caught.value.place == (f"{HERE}:{wanted}" if wanted else "")


def test_memory_that_runs_out_is_no_fault_of_the_model(recipe, monkeypatch):
    from optcli.train.build import build

    def full(*given, **named):
        raise torch.OutOfMemoryError("out of memory")

    made = build(recipe(), World("cpu"), Signals())
    monkeypatch.setattr(torch.autograd, "grad", full)
    with pytest.raises(torch.OutOfMemoryError):
        made.update(0, made.batches.at(0), 1.0)
