"""Options that trade time for memory: what is told where they can't be had or don't pay."""

import pytest
import torch

from optcli.exits import Failure
from optcli.train import frugal
from optcli.train.world import World


@pytest.mark.parametrize(("capability", "told"), [("AVX2", 1), ("AVX512", 0)])
def test_a_processor_without_bf16_is_told(recipe, monkeypatch, capability, told):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    world = World("cpu", "bf16")
    assert len(frugal.slow_format(recipe("train.precision=bf16"), world)) == told
    assert frugal.slow_format(recipe(), world) == []


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
