"""Averaged weights: shown to evaluations and in the published file, gone from training without a trace."""

import pytest
import torch
from safetensors.torch import load_file

from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.world import World

FREE = ("optimizer.name=schedule_free_adamw", "optimizer.lr=0.05", "model.norm=batch")


def built(recipe, *changes):
    return build(recipe(*changes), World("cpu"), Signals())


def snapshot(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def made(recipe):
    made = built(recipe, *FREE)
    for number in range(4):
        made.update(number, made.batches.at(number), 1.0)
        made.window.closes(number + 1, 1.0)
    return made


def test_without_averages_there_is_nothing_to_do(recipe):
    made = built(recipe)
    assert not made.objective.averages
    assert made.state["model"] is made.objective.bare
    assert "weights" not in made.state


def test_showing_leaves_no_trace(made):
    model, before, drawn = made.objective.bare, snapshot(made.objective.bare), torch.get_rng_state()
    with made.objective.shown():
        shown = snapshot(model)
    assert equal(before, snapshot(model))
    assert not torch.equal(before["linear0.weight"], shown["linear0.weight"])
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(module.training for module in model.modules())


def test_batch_norms_fit_the_averaged_weights(made):
    model = made.objective.bare
    with made.objective.shown():
        x = torch.cat(list(made.batches.first(2048)))
        inner = model.linear0(x).detach()
        shown = snapshot(model)
    torch.testing.assert_close(shown["norm0.running_mean"], inner.mean(0), rtol=1e-4, atol=1e-5)
    assert len(x) == made.batches.per_epoch * made.batches.batch_size
    assert model.norm0.momentum == 0.1


def test_averages_go_with_double_precision(run, tmp_path):
    outcome = run(tmp_path / "r", "train.precision=fp64", "model.norm=batch", "regularizers.ema.decay=0.9")
    assert outcome.ending.status == "finished"


def test_an_error_inside_puts_the_weights_back(made):
    before = snapshot(made.objective.bare)

    def fail():
        with made.objective.shown():
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        fail()
    assert equal(before, snapshot(made.objective.bare))


def test_the_published_file_has_what_was_evaluated(run, recipe, tmp_path):
    outcome = run(tmp_path / "r", *FREE)
    made = built(recipe, *FREE)
    published = load_file(tmp_path / "r" / "checkpoints" / "step-24" / "model.safetensors")
    made.objective.bare.load_state_dict(published)
    model = made.objective.bare.eval()
    x, y = torch.from_numpy(made.splits.val_x), torch.from_numpy(made.splits.val_y)
    right = (model(x).argmax(1) == y).double().mean().item()
    assert right == pytest.approx(outcome.summary["final"]["val/accuracy"])
