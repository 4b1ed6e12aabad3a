"""Every model with a loss can be compiled in one piece, and once. The compiler's last stage is left out: it takes long.

What this can't show is what a GPU's code generator makes of it.
"""

from __future__ import annotations

from functools import partial

import pytest
import torch
import torch._dynamo
import torch._dynamo.testing

from optcli.parts import bundled, find
from optcli.parts.facts import Facts
from optcli.recipe import loads
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.world import World

FACTS = {
    "image": Facts("classification", 64, 16, (1, 8, 8), 3),
    "vector": Facts("regression", 64, 16, (5,), 2),
    "tokens": Facts("language", 64, 16, (6,), 11),
}
SMALL = {
    "mlp": {"hidden": (8,)}, "cnn": {"channels": (4,)}, "resnet": {"blocks": 1, "width": 4}, "linear": {},
    "gpt": {"layers": 1, "heads": 2, "width": 8}, "rnn": {"width": 8},
    "autoencoder": {"widths": (4,), "code": 2}, "tabular_transformer": {"layers": 1, "heads": 2, "width": 8},
}  # fmt: skip
IN_PIECES = {"rnn"}
"""torch's compiler leaves recurrent layers out, so these models are compiled around them."""


@pytest.fixture(autouse=True)
def fresh():
    """Nothing compiled before or after."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def batch(facts, number):
    generator = torch.Generator().manual_seed(number)
    if facts.task == "language":
        return tuple(torch.randint(facts.outputs, (4, *facts.shape), generator=generator) for _ in range(2))
    x = torch.randn(4, *facts.shape, generator=generator)
    if facts.task == "regression":
        return x, torch.randn(4, facts.outputs, generator=generator)
    return x, torch.randint(facts.outputs, (4,), generator=generator)


def pairs():
    """Each model with each loss of its tasks."""
    for name in bundled("model"):
        part = find("model", name)
        for kind, facts in FACTS.items():
            if getattr(part, "RECONSTRUCTS", False) and kind in part.TAKES:
                facts = facts.reconstruction()
            for loss in bundled("loss"):
                if kind in part.TAKES and facts.task in find("loss", loss).TASKS:
                    yield pytest.param(name, loss, facts, id=f"{name}-{loss}-{facts.task}-{kind}")


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # the compiler's own
@pytest.mark.parametrize(("name", "loss", "facts"), list(pairs()))
def test_a_model_and_its_loss_compile_in_one_piece_and_once(name, loss, facts):
    torch.manual_seed(0)
    part, module = find("model", name), find("loss", loss)
    model, cost = part.build(part.Options(**SMALL.get(name, {})), facts), module.build(module.Options())
    whole = name not in IN_PIECES
    compiled = torch.compile(lambda x, y: cost(model(x), y), backend="aot_eager", fullgraph=whole)
    parameters = list(model.parameters())
    for number in range(2):
        x, y = batch(facts, number)
        with torch._dynamo.config.patch(error_on_recompile=number > 0):
            value = compiled(x, y)
        grads = torch.autograd.grad(value, parameters)
        plain = cost(model(x), y)
        torch.testing.assert_close(value, plain)
        torch.testing.assert_close(grads, torch.autograd.grad(plain, parameters))


def test_recurrent_models_still_need_the_exception():
    part = find("model", "rnn")
    model = part.build(part.Options(width=8), FACTS["tokens"])
    with pytest.raises(torch._dynamo.exc.Unsupported):
        torch.compile(model, backend="aot_eager", fullgraph=True)(batch(FACTS["tokens"], 0)[0])


RECIPE = """
name: compiled
data: {name: digits, batch_size: 32}
model: {name: mlp, hidden: [16]}
loss: cross_entropy
optimizer: {name: adamw, lr: 1e-3}
train: {steps: 20, threads: 1, device: cpu}
"""


@pytest.mark.parametrize("model", ["model={name: mlp, hidden: [8]}", "model={name: cnn, channels: [4], norm: group}"])
def test_a_compiled_training_is_the_plain_one_and_its_weights_keep_their_names(monkeypatch, model):
    frames = torch._dynamo.testing.CompileCounterWithBackend("aot_eager")
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=frames, fullgraph=True))
    made = []
    for changes in ((), ("train.compile=on",)):
        with World("cpu") as world:
            built = build(loads(RECIPE, overrides=[*changes, model]), world, Signals())
            for step, batches in built.batches.stream(0, 12):
                with torch._dynamo.config.patch(error_on_recompile=step > 0):
                    built.update(step, batches, 1.0)
            made.append(built.objective.bare.state_dict())
    assert frames.frame_count == 1  # the whole model, and only once
    torch.testing.assert_close(made[0], made[1])
