"""Options that trade time for memory: what is told where they can't be had or don't pay."""

import pytest
import torch

from optcli.exits import Failure
from optcli.train import frugal
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.world import World

CHOSEN = {"threads": 1, "precision": "fp32", "compile": False}


@pytest.mark.parametrize(("capability", "told"), [("AVX2", 1), ("AVX512", 0)])
def test_a_processor_without_bf16_is_told(recipe, monkeypatch, capability, told):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    world = World("cpu", "bf16")
    assert len(frugal.notes(recipe("train.precision=bf16"), world, {"threads": 1})) == told
    assert frugal.notes(recipe(), world, {"threads": 1}) == []


@pytest.mark.parametrize(
    "key", ["channels_last=true", "onednn=true", "cuda_graphs=true", "offload=optimizer", "threads=2"]
)
def test_what_has_no_effect_is_told(recipe, key):
    wish = recipe("train.device=auto", f"train.{key}")
    [told] = build(wish, World("cpu"), Signals(), CHOSEN).notes
    assert told.startswith(f"train.{key} ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("schedule=cosine", "schedule=cosine: schedule_free_adamw is made for a constant rate"),
        ("regularizers=[swa]", "regularizers.swa: schedule_free_adamw is evaluated at a mean of the weights already"),
        ("schedule=constant", None),
    ],
)
def test_what_schedule_free_has_in_it_already_is_told(recipe, change, told):
    notes = frugal.notes(recipe("optimizer={name: schedule_free_adamw}", change), World("cpu"), {"threads": 1})
    assert [note[: len(told or "")] for note in notes] == ([told] if told else [])
    assert frugal.notes(recipe(change), World("cpu"), {"threads": 1}) == []


def test_a_run_that_was_played_back_goes_on_where_nothing_can_be(recipe):
    made = build(recipe(), World("cpu"), Signals(), {**CHOSEN, "cuda_graphs": True})
    made.update(0, made.batches.at(0), 1.0)


class Norms:
    """An own regularizer that wants all gradients."""

    def on_grads(self, params, grads, norms, up):
        raise AssertionError


def test_an_own_regularizer_on_gradients_does_not_go_with_steps_in_the_backward_pass(recipe):
    wish = recipe("train.optimizer_in_backward=true")
    with pytest.raises(Failure, match="and norms looks at all of them"):
        frugal.update(wish, World("cpu"), {"norms": Norms()})


def test_an_optimizer_whose_kernel_steps_all_together_is_told(recipe, monkeypatch):
    monkeypatch.setattr("optcli.train.backward.alone", lambda *args: None)
    with pytest.raises(Failure, match="optimizer_in_backward can't be used with adamw"):
        build(recipe("train.optimizer_in_backward=true"), World("cpu"), Signals(), CHOSEN)


class Card:
    """As much of a World with a device as is looked at."""

    device, size = torch.device("cuda"), 1


def test_an_own_optimizer_that_steps_all_together_can_not_be_offloaded(recipe, monkeypatch):
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Rprop([parameter])
    with pytest.raises(Failure, match="offload can't be used with adamw: it steps all parameters together"):
        frugal.stepper(recipe("train.offload=optimizer", "train.device=auto"), Card(), optimizer)


def test_every_second_block(pictures, recipe):
    net = torch.nn.Sequential(*(torch.nn.Sequential(torch.nn.Linear(2, 2)) for _ in range(4)))
    frugal.shorten(recipe("train.activation_checkpointing=every 2"), net)
    assert ["forward" in vars(block) for block in net] == [True, False, True, False]
