"""Played-back passes: on a CPU a recording is the function itself, with inputs and results at their fixed places.

`tests/gpu` has the real recording.
"""

import pytest
import torch

from optcli.train import choices, graphs
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.update import Update
from optcli.train.world import World

VARIANTS = {
    "plain": (),
    "dropout": ("regularizers.dropout.rate=0.3",),
    "batch norm": ("model.norm=batch",),
    "clipping and noise": ("regularizers.clip_norm.max_norm=0.1", "regularizers.gradient_noise.strength=0.1"),
    "accumulation": ("train.accumulate=2", "data.batch_size=4"),
    "fp16": ("train.precision=fp16", "train.device=auto"),
    "l2 and ema": ("regularizers.l2.strength=0.1", "optimizer.weight_decay=0", "regularizers.ema.decay=0.9"),
}


def copied(device, passes):
    """A recording: the results stay where they were first, as a graph's do."""
    recorded = passes.__closure__[[*passes.__code__.co_freevars].index("self")].cell_contents
    passes()
    places = recorded._result

    def replay():
        passes()
        loss, grads = recorded._result
        places[0].copy_(loss)
        for place, grad in zip(places[1], grads, strict=True):
            place.copy_(grad)
        recorded._result = places

    return replay


def built(recipe, *changes):
    chosen = recipe(*changes)
    return build(chosen, World("cpu", chosen.train.precision), Signals())


def recording(recipe, *changes):
    made, told = built(recipe, *changes), []
    made.update.record(made.randomness, recipe(*changes).train.accumulate, told.append)
    return made, told


def steps(made, count):
    made.randomness.take(made.randomness.mine() | {"torch": torch.manual_seed(7).get_state()})
    for number, batches in made.batches.stream(0, count):
        made.update(number, batches, made.rates(number))
        made.window.closes(number + 1, 1.0)
    return [(row.loss, row.grad_norm, row.update_ratio) for row in made.window.read(drain=True)]


@pytest.mark.parametrize("name", VARIANTS)
def test_played_back_it_is_the_same_training(recipe, monkeypatch, name):
    monkeypatch.setattr(graphs, "record", copied)
    plain = built(recipe, *VARIANTS[name])
    rows = steps(plain, 12)
    made, told = recording(recipe, *VARIANTS[name])
    assert steps(made, 12) == rows
    assert not told
    assert made.update._recorded._replay is not None
    pairs = zip(plain.objective.bare.state_dict().values(), made.objective.bare.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert torch.equal(plain.randomness.mine()["torch"], made.randomness.mine()["torch"])


def test_a_recording_that_gives_other_numbers_is_dropped(recipe, monkeypatch):
    def wrong(device, passes):
        replay = copied(device, passes)
        recorded = passes.__closure__[[*passes.__code__.co_freevars].index("self")].cell_contents
        return lambda: (replay(), recorded._result[1][0].add_(1e-7))

    monkeypatch.setattr(graphs, "record", wrong)
    rows = steps(built(recipe, *VARIANTS["dropout"]), 5)
    made, told = recording(recipe, *VARIANTS["dropout"])
    assert steps(made, 5) == rows
    assert told == ["train.cuda_graphs: off, what is played back is not what was recorded"]


@pytest.mark.parametrize(("off", "kept"), [(0.0, True), (1e-3, False)])
def test_a_recording_may_be_as_far_off_as_a_second_pass_is(recipe, monkeypatch, off, kept):
    """Kernels that add in any order: no two passes agree bit for bit."""
    numbers, backward = torch.Generator().manual_seed(0), Update._backward

    def shaky(update, x, y):
        loss, grads = backward(update, x, y)
        return loss, [g + 1e-6 * torch.randn(g.shape, generator=numbers) for g in grads]

    def drifted(device, passes):
        replay = copied(device, passes)
        recorded = passes.__closure__[[*passes.__code__.co_freevars].index("self")].cell_contents
        return lambda: (replay(), recorded._result[1][0].add_(off))

    monkeypatch.setattr(Update, "_backward", shaky)
    monkeypatch.setattr(graphs, "record", drifted)
    made, told = recording(recipe)
    steps(made, 3)
    assert (made.update._recorded._replay is not None) is kept
    assert bool(told) is not kept


@pytest.mark.parametrize(("value", "kept"), [(float("inf"), True), (float("nan"), False)])
def test_a_gradient_that_overflows_the_same_way_is_the_same(recipe, monkeypatch, value, kept):
    backward = Update._backward

    def full(update, x, y):
        loss, grads = backward(update, x, y)
        grads[0].fill_(value)
        return loss, grads

    monkeypatch.setattr(Update, "_backward", full)
    monkeypatch.setattr(graphs, "record", copied)
    made, _ = recording(recipe, "monitor.nonfinite=skip")
    steps(made, 2)
    assert (made.update._recorded._replay is not None) is kept


def test_a_pass_that_can_not_be_recorded_is_taken_as_it_is(recipe, monkeypatch):
    def refuse(device, passes):
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    monkeypatch.setattr(graphs, "record", refuse)
    rows = steps(built(recipe), 5)
    made, told = recording(recipe)
    assert steps(made, 5) == rows
    assert told == ["train.cuda_graphs: off, operation not permitted when stream is capturing"]


@pytest.mark.parametrize("more", ["optimizer={name: lbfgs, lr: 1}", "regularizers.sam.radius=0.1"])
def test_passes_at_other_weights_are_not_recorded(recipe, more):
    made, told = recording(recipe, more)
    assert told == ["train.cuda_graphs: off, passes are taken at other weights as well"]
    steps(made, 2)


def test_inputs_of_another_shape_are_not_played_back(recipe, monkeypatch):
    monkeypatch.setattr(graphs, "record", copied)
    made, _ = recording(recipe)
    steps(made, 2)
    [(x, y)] = made.batches.at(2)
    loss, _ = made.update._recorded(made.update._backward, x[:3], y[:3])
    assert loss == made.update._backward(x[:3], y[:3])[0]


class Card:
    """As much of a World with a CUDA device as the decision looks at."""

    device, size = torch.device("cuda"), 1


@pytest.mark.parametrize(
    ("changes", "work", "played"),
    [
        ((), 1e6, True),
        ((), 1e12, False),
        (("train.cuda_graphs=true",), 1e12, True),
        (("train.cuda_graphs=false",), 1e6, False),
        (("regularizers.mixup.alpha=0.1",), 1e6, False),
        (("train.optimizer_in_backward=true",), 1e6, False),
        (("train.compile=on",), 1e6, False),
        (("train.activation_checkpointing=true",), 1e6, False),
    ],
)
def test_small_models_on_cuda_are_played_back(recipe, changes, work, played):
    assert choices.recordable(recipe("train.device=auto", *changes), Card(), work) is played
    assert not choices.recordable(recipe("train.device=auto", *changes), World("cpu"), work)
