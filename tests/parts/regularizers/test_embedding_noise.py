"""Noise on embeddings, in training alone."""

import pytest
import torch
from torch import nn

from optcli.parts import find
from optcli.parts.facts import Facts
from optcli.parts.regularizers import embedding_noise


def test_noise_has_its_size_and_is_off_in_evaluation():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Embedding(7, 25))
    tokens = torch.randint(7, (40, 16))
    clean = net(tokens)
    made = embedding_noise.build(embedding_noise.Options(strength=10.0))
    made.on_model(net)
    noise = (net.train()(tokens) - clean).detach()
    assert noise.abs().max().item() == pytest.approx(10 / 20, rel=0.01)
    assert noise.std().item() == pytest.approx(10 / 20 / 3**0.5, rel=0.02)
    assert torch.equal(net.eval()(tokens), clean)
    assert made.report() == {"noise_size": 0.5}


@pytest.mark.parametrize("name", ["gpt", "rnn"])
def test_acts_on_our_models(name):
    part = find("model", name)
    model = part.build(part.Options(), Facts("language", 9, 9, (6,), 11)).train()
    embedding_noise.build(embedding_noise.Options()).on_model(model)
    tokens = torch.randint(11, (3, 6))
    assert not torch.equal(model(tokens), model(tokens))


def test_a_model_without_embeddings_is_refused():
    with pytest.raises(ValueError, match="no embedding"):
        embedding_noise.build(embedding_noise.Options()).on_model(nn.Linear(2, 2))
