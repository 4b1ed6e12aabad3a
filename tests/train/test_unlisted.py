"""Layers in plain lists are told of."""

import pytest
import torch
from torch import nn

from optcli.train.unlisted import unlisted


class Net(nn.Module):
    def __init__(self, **kept):
        super().__init__()
        self.head = nn.Linear(2, 2)
        for name, value in kept.items():
            setattr(self, name, value)


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (
            [nn.Linear(3, 3), nn.Linear(3, 3)],
            "`kept` is a plain list, so that the 24 weights in it are neither",
        ),
        ((nn.Parameter(torch.zeros(5)),), "`kept` is a plain tuple, so that the 5 weights"),
        ({"a": nn.Linear(3, 3)}, "use nn.ModuleDict"),
        (nn.ModuleList([nn.Linear(3, 3)]), ""),
        ([1, "two", None], ""),
    ],
)
def test_weights_that_torch_does_not_see(kept, told):
    found = unlisted(Net(kept=kept))
    assert [told in note for note in found] == ([True] if told else [])


def test_a_list_of_what_the_model_has_anyway_is_no_matter():
    net = Net()
    net.all = [net.head]
    assert unlisted(net) == []
    assert unlisted(nn.Sequential(Net(kept=[nn.ReLU()]))) == []


def test_the_path_is_that_of_the_part_that_keeps_it():
    assert unlisted(nn.Sequential(Net(kept=[nn.Linear(1, 1)])))[0].startswith("model: `0.kept` is")
