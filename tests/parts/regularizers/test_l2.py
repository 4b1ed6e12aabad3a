"""The squared penalty."""

import pytest
import torch

from optcli.parts.regularizers import l2


def test_value_and_gradient():
    made = l2.build(l2.Options(strength=0.5))
    weights = [torch.tensor([1.0, -2.0], requires_grad=True), torch.tensor([[3.0]], requires_grad=True)]
    penalty = made.penalty(weights)
    assert penalty.item() == pytest.approx(0.25 * (1 + 4 + 9))
    penalty.backward()
    assert weights[0].grad.tolist() == [0.5, -1.0]
    assert weights[1].grad.tolist() == [[1.5]]


def test_tells_the_last_penalty():
    made = l2.build(l2.Options(strength=2.0))
    assert made.report() == {}
    made.penalty([torch.tensor([2.0])])
    assert made.report() == {"penalty": 4.0}


def test_is_computed_in_single_precision():
    assert l2.build(l2.Options()).penalty([torch.ones(2, dtype=torch.float16)]).dtype == torch.float32
