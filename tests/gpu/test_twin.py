"""What `World` does for a device works on a CPU too; precision is had or refused; fp16's loss scale never runs away."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import optcli
from optcli import parts
from optcli.exits import Exit
from optcli.parts import bundled
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.train import milestones
from optcli.train.build import build
from optcli.train.position import Position
from optcli.train.session import train
from optcli.train.signals import Signals
from optcli.train.world import Unavailable, World

RECIPE = """
name: half
data: {name: twin_noise, batch_size: 8}
model: {name: mlp, hidden: [8]}
loss: cross_entropy
optimizer: {name: adamw, lr: 1e-3}
train: {steps: 80, threads: 1, precision: fp16, eval_every: 40}
monitor: {nonfinite: skip}
"""


@pytest.fixture(autouse=True)
def own():
    """Noise in three classes, and a loss whose gradient no 16-bit float can hold, in every `often`-th call."""
    calls = [0]

    @optcli.data(task="classification")
    def twin_noise(n: int = 400):
        random = np.random.default_rng(0)
        return (random.normal(size=(n, 4)), random.integers(0, 3, n)) * 2

    @optcli.loss
    def twin_steep(output, target, often: int = 1):
        calls[0] += 1
        return (output.float() * (1e30 if calls[0] % often == 0 else 1.0)).mean()

    yield
    parts.forget()


def built(world, *changes):
    return build(loads(RECIPE, overrides=changes), world, Signals())


def step(made, number):
    made.update(number, made.batches.at(number), 1.0)
    made.window.closes(number + 1, 1.0)


def weights(made):
    return [p.detach().clone() for p in made.objective.bare.parameters()]


def test_every_move_to_and_from_the_device_works():
    with World("cpu") as world:
        net, array = nn.Linear(2, 1), np.arange(4.0, dtype=np.float32)
        assert world.place(net) is net
        tensor = world.stage(world.tensor(array))
        assert tensor.data_ptr() == array.ctypes.data
        world.synchronize()
        reader = world.reader(tensor)
        reader.start(tensor)
        assert reader.finish().tolist() == [0.0, 1.0, 2.0, 3.0]
        assert world.free_bytes() > 2**20
        assert world.peak_mib() > 1
        world.barrier()


def test_read_only_arrays_are_copied():
    array = np.arange(4.0)
    array.flags.writeable = False
    World("cpu").tensor(array).zero_()
    assert array.tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("precision", ["fp16", "tf32"])
def test_a_recipe_can_not_ask_a_cpu_for_what_it_has_not(precision):
    with pytest.raises(BadRecipe, match="device is cpu"):
        loads(RECIPE, overrides=[f"train.precision={precision}", "train.device=cpu"])


def test_tf32_found_to_be_missing_only_here_is_refused_as_well():
    with pytest.raises(Unavailable, match="tf32"):
        World("auto" if not torch.accelerator.is_available() else "cpu", "tf32")


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_layers_compute_in_the_precision_asked_for_and_weights_stay_float32(precision, dtype):
    with World("cpu", precision) as world:
        made, seen = built(world, f"train.precision={precision}"), []
        made.objective.bare.head.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
        step(made, 0)
    assert seen == [dtype]
    assert {p.dtype for p in made.objective.bare.parameters()} == {torch.float32}
    assert {t.dtype for one in made.optimizer.state.values() for t in one.values()} == {torch.float32}


@pytest.mark.parametrize("name", [name for name in bundled("optimizer") if name not in {"lbfgs", "sparse_adam"}])
def test_an_overflow_in_the_first_step_leaves_no_trace_but_the_scale(name):
    with World("cpu", "fp16") as world:
        spared, plain = (built(world, f"optimizer.name={name}", "schedule.name=constant") for _ in range(2))
        before = weights(spared)
        spared.gate.scale.fill_(2.0**125)
        step(spared, 0)
        assert (float(spared.gate.up), float(spared.gate.scale)) == (1.0, 2.0**124)
        assert all(torch.equal(a, b) for a, b in zip(before, weights(spared), strict=True))
        spared.gate.scale.fill_(2.0**16)
        for number in range(1, 4):
            step(spared, number)
            step(plain, number)
        assert all(torch.equal(a, b) for a, b in zip(weights(spared), weights(plain), strict=True))


@pytest.mark.parametrize("policy", ["stop", "skip"])
@pytest.mark.parametrize("often", [1, 3])
def test_a_collapsed_loss_scale_ends_the_run_and_says_so(tmp_path, capsys, policy, often):
    changes = [f"loss={{name: twin_steep, often: {often}}}", f"monitor.nonfinite={policy}"]
    outcome = train(loads(RECIPE, overrides=changes), run_dir=tmp_path / "run", device="cpu")
    assert outcome.ending.code == Exit.TRAINING_FAILED
    assert outcome.ending.reason.startswith("NUM303")
    assert "loss scale is down to 0.5" in outcome.ending.reason


def test_going_back_does_not_count_the_same_overflows_twice(tmp_path, capsys):
    changes = ["loss=twin_steep", "monitor.nonfinite=rollback", "train.checkpoint_every=40"]
    outcome = train(loads(RECIPE, overrides=changes), run_dir=tmp_path / "run", device="cpu")
    assert outcome.ending.reason.startswith("NUM303")
    assert "in a row" not in outcome.ending.reason


def test_twenty_skipped_steps_in_a_row_end_the_run_at_any_scale():
    gate = SimpleNamespace(bad=lambda row: False)
    rows = [SimpleNamespace(step=n, finite=n in (5, 40), scale=2.0**60) for n in range(41)]
    training = SimpleNamespace(gate=gate, nonfinite="stop", position=Position())
    assert milestones._first_bad(training, rows).step == 5 + milestones.MOST_SKIPPED
