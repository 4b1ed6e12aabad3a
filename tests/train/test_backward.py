"""Stepping parameters in the backward pass: the same weights, and what becomes of the gate."""

import pytest
import torch

from optcli.exits import Failure
from optcli.parts.optimizers._direct import alone
from optcli.train.backward import Together, UpdateInBackward
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.world import World

EARLY = "train.optimizer_in_backward=true"
OPTIMIZERS = {
    "adamw": ("optimizer.name=adamw",),
    "adam, l2": ("optimizer.name=adam", "optimizer.weight_decay=0.1", "optimizer.decay=l2"),
    "sgd": ("optimizer.name=sgd", "optimizer.momentum=0.9", "optimizer.weight_decay=0.1"),
    "lion": ("optimizer.name=lion",),
    "rmsprop": ("optimizer.name=rmsprop",),
    "rmsprop, momentum": ("optimizer.name=rmsprop", "optimizer.momentum=0.5"),
    "l1, ema, batch norm": ("regularizers.l1.strength=0.01", "regularizers.ema.decay=0.9", "model.norm=batch"),
    "groups": ("optimizer.groups={head: {lr_scale: 3}}", "optimizer.layer_decay=0.5", "model.freeze=[linear0.bias]"),
    "bf16": ("train.precision=bf16",),
}


def built(recipe, *changes):
    chosen = recipe(*changes)
    return build(chosen, World("cpu", chosen.train.precision), Signals())


def steps(made, count):
    for number, batches in made.batches.stream(0, count):
        made.update(number, batches, made.rates(number))
        made.window.closes(number + 1, 1.0)
    return made.window.read(drain=True)


def everything(made):
    state = [t for one in made.optimizer.state.values() for _, t in sorted(one.items())]
    return [t.clone() for t in (*made.objective.bare.state_dict().values(), *state)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_is_the_same_training_bit_for_bit(recipe, name):
    plain, early = built(recipe, *OPTIMIZERS[name]), built(recipe, *OPTIMIZERS[name], EARLY)
    assert isinstance(early.update, UpdateInBackward)
    rows = [steps(made, 12) for made in (plain, early)]
    assert all(torch.equal(a, b) for a, b in zip(everything(plain), everything(early), strict=True))
    for a, b in zip(*rows, strict=True):
        assert a.loss == b.loss
        assert a.update_ratio == b.update_ratio or "l1" in name  # whose thresholds it leaves out
        assert a.norms == pytest.approx(b.norms, rel=1e-6)


def test_gradients_are_never_there_together(recipe, monkeypatch):
    most, take = [], UpdateInBackward._take

    def counted(update, number, parameter):
        most.append(sum(p.grad is not None for p in update._objective.bare.parameters()))
        take(update, number, parameter)

    monkeypatch.setattr(UpdateInBackward, "_take", counted)
    made = built(recipe, "model.hidden=[12, 12, 12]", EARLY)
    steps(made, 2)
    assert max(most) <= 2  # a layer's weight and bias


def bad(made, at):
    """A step with a NaN in the loss, or in the gradient of the parameter called `at`."""
    x, y = made.batches.at(1)[0]
    if not at:
        x = x * float("nan")
        made.update(1, [(x, y)], 1.0)
    else:
        handle = dict(made.objective.bare.named_parameters())[at].register_hook(lambda g: g * float("nan"))
        made.update(1, [(x, y)], 1.0)
        handle.remove()
    made.window.closes(2, 1.0)


def test_a_loss_that_is_no_number_changes_nothing(recipe):
    made = built(recipe, EARLY)
    steps(made, 1)
    before = everything(made)
    bad(made, "")
    assert all(torch.equal(a, b) for a, b in zip(before, everything(made), strict=True))
    assert [row.finite for row in made.window.read(drain=True)] == [False]


def test_a_gradient_that_is_no_number_reaches_no_weight_and_nothing_after_it_moves(recipe):
    made = built(recipe, EARLY)
    steps(made, 1)
    before = {k: v.clone() for k, v in made.objective.bare.state_dict().items()}
    bad(made, "linear0.weight")
    after = made.objective.bare.state_dict()
    assert torch.equal(before["linear0.weight"], after["linear0.weight"])
    assert not torch.equal(before["head.weight"], after["head.weight"])  # as the module says
    assert all(torch.isfinite(t).all() for t in everything(made))
    still = everything(made)
    made.update(2, made.batches.at(2), 1.0)  # the gate stays up
    assert all(torch.equal(a, b) for a, b in zip(still, everything(made), strict=True))


def test_a_bad_step_ends_the_run_without_saving_it(run, tmp_path):
    told = run(tmp_path / "r", EARLY, "data.nan_at=5", "train.checkpoint_every=2")
    assert told.ending.status == "failed"
    assert "NUM301" in told.ending.reason


def test_interrupted_it_goes_on_exactly(run, journal, states, tmp_path):
    changes = (
        EARLY,
        "regularizers.dropout.rate=0.2",
        "train.checkpoint_every=4",
        "schedule={name: cosine, warmup: 20%}",
    )
    run(tmp_path / "whole", *changes)
    run(tmp_path / "parts", *changes, stop=7)
    assert "val/accuracy" not in str(journal(tmp_path / "parts")[-2])  # it was stopped between evaluations
    run(tmp_path / "parts", *changes, resume=True)
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")


def test_tied_weights_and_checkpointed_blocks_are_stepped_once(recipe):
    plain, early = ([*GPT, change] for change in ("train.activation_checkpointing=false", EARLY))
    both = built(recipe, *plain), built(recipe, *early, "train.activation_checkpointing=true")
    for made in both:
        steps(made, 3)
    assert all(torch.equal(a, b) for a, b in zip(*map(everything, both), strict=True))


GPT = (
    "data={name: shakespeare, context: 8, batch_size: 4}", "metrics=[]",
    "model={name: gpt, layers: 2, heads: 2, width: 8, tied: true}",
)  # fmt: skip


def test_optimizers_that_look_at_all_parameters_can_not(recipe):
    made = built(recipe, "optimizer.name=prodigy")
    [group, *_] = made.optimizer.param_groups
    assert alone(made.optimizer, group, group["params"][0], {}) is None
    with pytest.raises(Together):
        UpdateInBackward(made.objective, made.update._step, made.gate, made.window, World("cpu"))


def test_several_processes_can_not(recipe, monkeypatch):
    world = World("cpu")
    monkeypatch.setattr(world, "size", 2)
    monkeypatch.setattr(world, "parallel", lambda module: module)
    for name in ("agree", "tell"):
        monkeypatch.setattr(world, name, lambda said: said)
    with pytest.raises(Failure, match="several processes"):
        build(recipe(EARLY), world, Signals())
