"""Bytes and operations, against what can be counted by hand."""

import pytest
import torch
from torch import nn

from optcli.train import footprint
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.world import World

GPT = (
    "data={name: shakespeare, context: 8, batch_size: 4}", "metrics=[]",
    "model={name: gpt, layers: 2, heads: 2, width: 8}",
)  # fmt: skip


def built(recipe, *changes):
    return build(recipe(*changes), World("cpu"), Signals())


def test_bytes_by_kind(recipe):
    made = built(recipe)  # 4 -> 12 -> 3, batches of 8
    batch = made.batches.at(0)[0]
    weights = 4 * 12 + 12 + 12 * 3 + 3
    told = footprint.sizes(made.objective, made.optimizer, batch)
    assert told["parameters"] == told["gradients"] == 4 * weights
    assert told["optimizer"] == 4 * (2 * weights + 4)  # two moments, and a step count for each of four tensors
    # Kept: the inputs, the rectified hidden layer, the logarithms of the softmax, the labels, the sum of weights.
    assert told["activations"] == pytest.approx(4 * 8 * (4 + 12 + 3) + 8 * 8, abs=4)
    freed = footprint.sizes(made.objective, made.optimizer, batch, freed=True)
    assert freed["gradients"] == 4 * 4 * 12


@pytest.mark.parametrize("name", ["ema", "swa"])
def test_a_mean_of_the_weights_counts(recipe, name):
    made = built(recipe, f"regularizers=[{name}, early_stopping]")
    told = footprint.sizes(made.objective, made.optimizer, made.batches.at(0)[0], beside=made.state)
    assert told["regularizers"] == told["parameters"]


def test_state_in_lists_and_in_mappings_of_mappings_counts(recipe):
    made = built(recipe, "optimizer={name: lbfgs}")
    before = footprint.sizes(made.objective, made.optimizer, made.batches.at(0)[0])["optimizer"]
    made.optimizer.state["more"] = {"past": [torch.ones(3), [torch.ones(2)]], "deep": {"one": (torch.ones(5),)}, "n": 3}
    assert footprint.sizes(made.objective, made.optimizer, made.batches.at(0)[0])["optimizer"] == before + 40


def test_operations_of_a_net_of_linear_layers(recipe):
    made = built(recipe)
    forward = 2 * 8 * (4 * 12 + 12 * 3)
    # Backward: as much for the weights, and for the inputs of all layers but the first.
    assert footprint.arithmetic(made.objective, made.batches.at(0)[0]) == 2 * forward + 2 * 8 * 12 * 3


def test_operations_of_attention_and_embeddings(recipe):
    made = built(recipe, *GPT)
    tokens, outputs = (
        4 * 8,
        made.splits.outputs if hasattr(made.splits, "outputs") else made.objective.bare.head.out_features,
    )
    linear = tokens * (2 * 8 * (3 + 1 + 4 + 4) * 8 + 8 * outputs)
    attention = 2 * 4 * 2 * 8 * 8 * 4  # layers, samples, heads, queries, keys, width of a head
    counted = footprint.arithmetic(made.objective, made.batches.at(0)[0])
    assert counted == 3 * 2 * linear + (2 + 5) * 2 * attention


def test_operations_of_convolutions_are_torchs(pictures, recipe):
    from torch.utils.flop_counter import FlopCounterMode

    made = built(recipe, pictures, "model={name: cnn, channels: [4, 4]}")
    batch = made.batches.at(0)[0]
    with FlopCounterMode(display=False) as torchs:
        made.objective(*batch).backward()
    assert footprint.arithmetic(made.objective, batch) == torchs.get_total_flops()


def test_recurrent_layers_do_it_out_of_sight(recipe):
    made = built(recipe, *GPT, "model={name: rnn, width: 8}")
    assert footprint.arithmetic(made.objective, made.batches.at(0)[0]) is None


def test_counting_leaves_no_trace(pictures, recipe):
    made = built(recipe, pictures, "model={name: cnn, channels: [4, 4], norm: batch}", "regularizers.dropout.rate=0.5")
    before = [t.clone() for t in made.objective.bare.state_dict().values()]
    numbers = torch.get_rng_state()
    footprint.sizes(made.objective, made.optimizer, made.batches.at(0)[0])
    footprint.arithmetic(made.objective, made.batches.at(0)[0])
    assert all(torch.equal(a, b) for a, b in zip(before, made.objective.bare.state_dict().values(), strict=True))
    assert torch.equal(numbers, torch.get_rng_state())
    assert all(p.grad is None for p in made.objective.bare.parameters())


def test_a_compiled_model_is_counted_too(recipe):
    made = built(recipe)
    plain = footprint.arithmetic(made.objective, made.batches.at(0)[0])
    made.objective.bare._compiled_call_impl = hidden = lambda x: nn.functional.one_hot(x.argmax(1) % 3, 3).float()
    assert footprint.arithmetic(made.objective, made.batches.at(0)[0]) == plain
    assert made.objective.bare._compiled_call_impl is hidden
