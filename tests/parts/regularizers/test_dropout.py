"""Dropout: switched on in the places that a model has for it."""

import pytest
import torch
from torch import nn

from optcli.parts import find
from optcli.parts.facts import Facts
from optcli.parts.regularizers import dropout

IMAGE = Facts("classification", 10, 10, (1, 8, 8), 3)
TEXT = Facts("language", 10, 10, (6,), 5)


MODELS = [("mlp", IMAGE), ("cnn", IMAGE), ("resnet", IMAGE), ("gpt", TEXT), ("rnn", TEXT)]


def built(name, facts, **options):
    part = find("model", name)
    torch.manual_seed(0)
    return part.build(part.Options(**options), facts)


@pytest.mark.parametrize(("name", "facts"), MODELS)
def test_acts_in_training_alone(name, facts):
    model = built(name, facts)
    x = torch.randint(5, (4, 6)) if facts is TEXT else torch.randn(4, 1, 8, 8)
    model.eval()
    before, names = model(x), list(model.state_dict())
    dropout.build(dropout.Options(rate=0.5)).on_model(model)
    assert list(model.state_dict()) == names
    assert torch.equal(model.eval()(x), before)
    model.train()
    assert not torch.equal(model(x), model(x))


def test_places_are_after_each_activation():
    model = built("mlp", IMAGE, hidden=(4, 4))
    model.set_dropout(0.2)
    assert list(model._modules) == [
        "flatten", "linear0", "act0", "drop_act0", "linear1", "act1", "drop_act1", "head",
    ]  # fmt: skip


def test_the_rate_can_be_changed():
    model = built("mlp", IMAGE)
    for rate in (0.2, 0.4):
        dropout.build(dropout.Options(rate=rate)).on_model(model)
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [0.4, 0.4]


def test_own_models_are_searched_for_dropout_layers():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0), nn.Dropout2d(0.9))
    dropout.build(dropout.Options(rate=0.3)).on_model(model)
    assert [model[1].p, model[2].p] == [0.3, 0.3]


@pytest.mark.parametrize("model", [nn.Linear(2, 2), built("linear", IMAGE), built("mlp", IMAGE, hidden=())])
def test_a_model_without_a_place_is_refused(model):
    with pytest.raises(ValueError, match="no place for dropout"):
        dropout.build(dropout.Options()).on_model(model)


@pytest.mark.parametrize(("name", "facts"), MODELS)
def test_costs_nothing_while_off(name, facts):
    model = built(name, facts).train()
    x = torch.randint(5, (4, 6)) if facts is TEXT else torch.randn(4, 1, 8, 8)
    with torch.profiler.profile() as profile:
        model(x)
    called = [event.key for event in profile.key_averages() if "attention" not in event.key]
    assert called
    assert not [name for name in called if "dropout" in name or "bernoulli" in name]
