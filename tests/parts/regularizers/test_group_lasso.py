"""The threshold on whole units."""

import pytest
import torch

from optcli.parts import find
from optcli.parts.optimizers import _direct
from optcli.parts.regularizers import group_lasso


def test_shortens_units_and_removes_short_ones():
    made = group_lasso.build(group_lasso.Options(strength=1.0))
    weights = torch.tensor([[3.0, 4.0], [0.03, 0.04]])
    made.after_step([weights], 0.1)
    share = 1 - 0.1 * 2**0.5 / 5
    torch.testing.assert_close(weights, torch.tensor([[3 * share, 4 * share], [0.0, 0.0]]))
    assert made.report() == {"zero_units": 0.5, "penalty": pytest.approx(2**0.5 * 5 * share)}
    before = weights.clone()
    made.after_step([weights], torch.zeros(()))
    assert torch.equal(weights, before)


def test_nothing_to_report_before_the_first_step():
    assert group_lasso.build(group_lasso.Options()).report() == {}


def test_weights_without_a_gradient_do_not_decide_for_their_unit():
    torch.manual_seed(0)
    weights, part = torch.nn.Parameter(torch.ones(2, 3)), find("optimizer", "adam")
    groups = [{"params": [weights], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0}]
    optimizer = part.build(groups, part.Options(lr=1e-3), "cpu")
    made = group_lasso.build(group_lasso.Options(strength=0.01))
    made.on_optimizer(optimizer)
    _direct.stepper(optimizer)(1.0, [torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])])
    before = weights.detach().clone()
    made.after_step([weights], 1e-3)
    lost = 1 - weights.detach().norm(dim=1) / before.norm(dim=1)
    assert (lost < 1e-4).all()
    assert (lost > 0).all()


@pytest.mark.parametrize(("name", "options"), [("sgd", {"lr": 0.01}), ("sgd", {"lr": 0.002, "momentum": 0.9})])
def test_finds_the_minimum(name, options):
    """Of 0.5 |w - c|^2 + s sqrt(2) |w|: c shortened by s sqrt(2), zero if it is shorter."""
    torch.manual_seed(0)
    centre = torch.tensor([[1.0, -0.5], [0.05, 0.08]])
    weights, part = torch.nn.Parameter(torch.randn(2, 2)), find("optimizer", name)
    groups = [{"params": [weights], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0}]
    optimizer = part.build(groups, part.Options(**options), "cpu")
    made, step = group_lasso.build(group_lasso.Options(strength=0.1)), _direct.stepper(optimizer)
    made.on_optimizer(optimizer)
    for _ in range(3000):
        step(1.0, [(weights - centre).detach()])
        made.after_step([weights], optimizer.param_groups[0]["lr"])
    length = centre[0].norm()
    torch.testing.assert_close(weights[0].data, centre[0] * (1 - 0.1 * 2**0.5 / length), atol=1e-3, rtol=0)
    assert weights[1].count_nonzero() == 0
