"""The elastic net: threshold and penalty together."""

import pytest
import torch

from optcli.parts import find
from optcli.parts.optimizers import _direct
from optcli.parts.regularizers import elastic_net


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_finds_the_solution(name):
    """Minimum of 0.5 (w - c)^2 + 0.1 |w| + 0.3 / 2 w^2 is c moved by 0.1 towards zero, divided by 1.3."""
    torch.manual_seed(0)
    centre, part = torch.tensor([1.0, -0.5, 0.08]), find("optimizer", name)
    weights = torch.nn.Parameter(torch.randn(3))
    groups = [{"params": [weights], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0}]
    optimizer = part.build(groups, part.Options(lr=0.005), "cpu")
    made, step = elastic_net.build(elastic_net.Options(strength=0.4, l1_share=0.25)), _direct.stepper(optimizer)
    made.on_optimizer(optimizer)
    for _ in range(3000):
        loss = (weights - centre).square().sum() / 2 + made.penalty([weights])
        step(1.0, torch.autograd.grad(loss, [weights]))
        made.after_step([weights], 0.005)
    torch.testing.assert_close(weights.data, torch.tensor([0.9, -0.4, 0.0]) / 1.3, atol=5e-3, rtol=0)
    assert weights[2] == 0
    assert made.report()["sparsity"] == pytest.approx(1 / 3)
    size, square = weights.abs().sum().item(), weights.square().sum().item()
    assert made.report()["penalty"] == pytest.approx(0.1 * size + 0.15 * square, rel=1e-3)
