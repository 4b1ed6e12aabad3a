"""`rnn` and `gpt` where a whole sample of tokens has one target."""

import pytest
import torch

from optcli.parts import find
from optcli.parts.facts import Facts
from optcli.parts.models._stack.net import pooled


def built(name, pad, task="classification", **options):
    part = find("model", name)
    torch.manual_seed(0)
    return part.build(part.Options(**options), Facts(task, 9, 9, (8,), 3, tokens=20, pad=pad)).eval()


SMALL = {"rnn": {"width": 8}, "gpt": {"width": 8, "heads": 2, "layers": 1}}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_one_output_a_sample(name, task):
    model = built(name, None, task, **SMALL[name])
    assert model(torch.randint(20, (4, 8))).shape == (4, 3)
    assert model.token.num_embeddings == 20


@pytest.mark.parametrize("name", SMALL)
def test_what_fills_up_is_not_read(name):
    model, text = built(name, 0, **SMALL[name]), torch.randint(1, 20, (4, 5))
    filled = torch.cat([text, torch.zeros(4, 3, dtype=torch.int64)], 1)
    torch.testing.assert_close(model(filled), model(text))
    plain = built(name, None, **SMALL[name])
    assert not torch.allclose(plain(filled), plain(text))


def test_the_mean_is_of_what_is_read():
    states = torch.arange(12.0).view(2, 3, 2)
    tokens = torch.tensor([[5, 5, 0], [0, 0, 0]])
    assert pooled(states, tokens, 0).tolist() == [[1.0, 2.0], [0.0, 0.0]]
    assert pooled(states, tokens, None).tolist() == states.mean(1).tolist()


def test_a_tied_head_is_for_language_only():
    assert built("gpt", None, **SMALL["gpt"]).head.weight.shape == (3, 8)
    shrunk = built("gpt", None, **SMALL["gpt"], mup_base_width=4)
    assert shrunk(torch.randint(20, (4, 8))).shape == (4, 3)
