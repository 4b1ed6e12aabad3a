"""What is decided once for a run."""

import os
import signal

import numpy as np
import pytest
import torch
from torch import nn
from torch._dynamo.exc import BackendCompilerFailed

import optcli
from optcli.train import choices
from optcli.train.build import build
from optcli.train.choices import compile_trial, forward_work
from optcli.train.signals import Signals
from optcli.train.world import World


def built(recipe, *changes, chosen=None):
    chosen_recipe = recipe(*changes)
    return build(chosen_recipe, World("cpu", chosen_recipe.train.precision), Signals(), chosen)


def test_the_work_of_a_forward_pass():
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 25, 7))
    work, seconds = forward_work(World("cpu"), net, torch.ones(2, 1, 5, 5))
    assert work == 2 * (2 * 4 * 25 * 9) + 2 * (2 * 7 * 100)
    assert seconds > 0
    assert forward_work(World("cpu"), net, torch.ones(2, 9)) == (0, 0)
    assert net.training


class Clock:
    """Seconds that pass only as the steps say."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(choices.time, "perf_counter", lambda: self.now)


@pytest.mark.parametrize(
    ("steps", "compiled", "pays"),
    [(1000, 0.06, True), (1000, 0.11, False), (700, 0.06, False)],
    ids=["gain", "loss", "too few steps"],
)
def test_compiling_must_win_back_its_time(monkeypatch, steps, compiled, pays):
    clock, net = Clock(monkeypatch), nn.BatchNorm1d(2)

    def step():
        if net._compiled_call_impl is None:
            clock.now += 0.1
        else:
            clock.now += 30 if not net.seen else compiled
            net.seen = True
        net(torch.randn(4, 2))

    def compile_whole(model):
        model.seen, model._compiled_call_impl = False, model._call_impl

    monkeypatch.setattr(choices, "compile_whole", compile_whole)
    state = torch.get_rng_state()
    told = compile_trial(net, step, steps)
    assert told["compile"] is pays
    assert told["compile_trial"] == {"plain_s": 0.1, "gain_s": pytest.approx(0.1 - compiled), "cost_s": 30}
    assert (net._compiled_call_impl is not None) is pays
    assert torch.equal(torch.get_rng_state(), state)
    assert net.running_mean.tolist() == [0, 0]


def test_the_trial_step_sees_targets_as_the_loss_does(recipe, monkeypatch):
    @optcli.data(task="regression")
    def rows(n: int = 40):
        x = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float16)
        return x, x[:, :1], x[:8], x[:8, :1]

    def trial(model, step, steps):
        step()
        return {"compile": False, "compile_trial": "taken"}

    monkeypatch.setattr(choices, "COMPILING", 0.0)
    monkeypatch.setattr(choices, "compile_trial", trial)
    made = built(recipe, "data.name=rows", "loss=mse", "metrics=[]")
    assert made.info["compile_trial"] == "taken"


def test_a_model_that_can_not_be_compiled_is_left_as_it_is(monkeypatch):
    clock, net = Clock(monkeypatch), nn.Linear(2, 2)

    def step():
        clock.now += 1
        net(torch.randn(4, 2))

    def compiled(function):
        raise RuntimeError("no compiler\nand a long story")

    monkeypatch.setattr(torch, "compile", compiled)
    assert compile_trial(net, step, 1000) == {
        "compile": False,
        "compile_trial": {"failed": "RuntimeError: no compiler"},
    }
    assert net._compiled_call_impl is None


def struck(function):
    """A compiler that gets the signal and fails."""

    def call(*inputs):
        os.kill(os.getpid(), signal.SIGTERM)
        raise BackendCompilerFailed.__new__(BackendCompilerFailed)  # its arguments differ among versions of torch

    return call


def test_a_signal_that_ends_the_compiler_too_leaves_a_step_that_ends(monkeypatch):
    net, x = nn.Linear(2, 2), torch.ones(1, 2)
    monkeypatch.setattr(torch, "compile", struck)
    wanted = net(x)
    choices.compile_whole(net)
    with Signals() as signals:
        assert torch.equal(net(x), wanted)
        assert signals.received == signal.SIGTERM
    assert net._compiled_call_impl is None


def test_a_compiler_that_fails_by_itself_is_told_of(monkeypatch):
    net = nn.Linear(2, 2)
    monkeypatch.setattr(torch, "compile", struck)
    monkeypatch.setattr(os, "kill", lambda *_: None)
    choices.compile_whole(net)
    with Signals(), pytest.raises(BackendCompilerFailed):
        net(torch.ones(1, 2))


def test_short_runs_are_not_even_tried(recipe, monkeypatch):
    monkeypatch.setattr(choices, "compile_trial", lambda *_: pytest.fail("tried"))
    assert built(recipe).info["compile"] is False


def test_long_runs_are_tried_once_and_never_when_going_on(recipe, monkeypatch):
    tried = []

    def trial(model, step, steps):
        step()
        tried.append(steps)
        return {"compile": False, "compile_trial": {}}

    monkeypatch.setattr(choices, "compile_trial", trial)
    monkeypatch.setattr(choices, "COMPILING", 0.0)
    made = built(recipe, "train.accumulate=2", "train.epochs=10")
    assert tried == [2 * 10 * (70 // 16)]
    built(recipe, chosen=made.info)
    assert len(tried) == 1
    assert built(recipe, "train.compile=off").info["compile"] is False
    assert len(tried) == 1


CNN = "model={name: cnn, channels: [4, 4]}"


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ((), True),
        (("train.precision=fp64",), False),
        (("train.precision=bf16",), True),
        (("train.precision=bf16", "train.channels_last=false"), False),
        (("train.channels_last=true",), True),
    ],
)
def test_channels_last_where_it_is_faster(pictures, recipe, changes, last):
    made = built(recipe, pictures, CNN, *changes)
    weight = made.objective.bare.block1[0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last) is last
    assert made.info["channels_last"] is last
    assert built(recipe, pictures, CNN, chosen=made.info).info["channels_last"] is last


def test_layout_holds_from_a_convolution_of_one_channel_on():
    """Layouts of one channel look alike, and its weights must tell torch which it is."""
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2))
    choices.put_channels_last(net)
    seen = net(torch.zeros(2, 1, 8, 8))
    assert seen.is_contiguous(memory_format=torch.channels_last)
    assert not seen.is_contiguous()


def test_models_without_convolutions_have_no_channels(recipe):
    assert built(recipe, "train.channels_last=true").info["channels_last"] is False


def test_channels_last_is_the_same_training(pictures, recipe):
    weights = []
    for last in ("false", "true"):
        made = built(recipe, pictures, CNN, f"train.channels_last={last}")
        for number, batches in made.batches.stream(0, 6):
            made.update(number, batches, 1.0)
        weights.append([p.detach().contiguous() for p in made.objective.bare.parameters()])
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-5)


def test_a_run_with_channels_last_goes_on_exactly(pictures, run, journal, states, tmp_path):
    changes = (pictures, CNN, "train.channels_last=true", "regularizers.ema.decay=0.9")
    run(tmp_path / "whole", *changes)
    run(tmp_path / "parts", *changes, stop=11)
    run(tmp_path / "parts", *changes, resume=True)
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")


def test_what_fails_is_not_timed(recipe):
    """A model that gives what the loss doesn't take says so at its first batch, with its place, not here."""

    def step():
        raise RuntimeError("multi-target not supported")

    assert choices.compile_trial(nn.Linear(1, 1), step, 10**6) == {"compile": False}
