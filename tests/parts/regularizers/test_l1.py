"""The proximal step: exact zeros, in the loss's units whatever the optimizer."""

import pytest
import torch

from optcli.parts import find
from optcli.parts.optimizers import _direct
from optcli.parts.regularizers import l1


def test_soft_threshold():
    made, weights = l1.build(l1.Options(strength=1.0)), torch.tensor([0.3, -0.3, 0.05, -0.1, 0.0])
    made.after_step([weights], 0.1)
    torch.testing.assert_close(weights, torch.tensor([0.2, -0.2, 0.0, 0.0, 0.0]))
    assert made.report() == {"sparsity": pytest.approx(3 / 5)}


def test_a_rate_of_zero_moves_nothing():
    made, weights = l1.build(l1.Options(strength=1.0)), torch.randn(100)
    before = weights.clone()
    made.after_step([weights], torch.zeros(()))
    assert torch.equal(weights, before)


def test_nothing_to_report_before_the_first_step():
    assert l1.build(l1.Options()).report() == {}


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sgd", {"lr": 0.01}),
        ("sgd", {"lr": 0.001, "momentum": 0.9}),
        ("adam", {"lr": 0.001}),
        ("adam", {"lr": 0.001, "amsgrad": True}),
        ("rmsprop", {"lr": 0.001}),
        ("rmsprop", {"lr": 0.0001, "momentum": 0.9}),
    ],
    ids=str,
)
def test_finds_the_lasso_s_solution(name, options, decay):
    """Minimum of 0.5 (w - c)^2 + 0.1 |w| is c moved towards zero by 0.1; zero for all |c| up to 0.1."""
    torch.manual_seed(0)
    centre = torch.tensor([1.0, -0.5, 0.12, 0.08, -0.05, 0.0])
    weights, part = torch.nn.Parameter(torch.randn(6)), find("optimizer", name)
    groups = [{"params": [weights], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0}]
    optimizer = part.build(groups, part.Options(decay=decay, **options), "cpu")
    made, step = l1.build(l1.Options(strength=0.1)), _direct.stepper(optimizer)
    made.on_optimizer(optimizer)
    for _ in range(6000):
        step(1.0, [(weights - centre).detach()])
        made.after_step([weights], optimizer.param_groups[0]["lr"])
    torch.testing.assert_close(weights.data, torch.tensor([0.9, -0.4, 0.02, 0.0, 0.0, 0.0]), atol=6e-3, rtol=0)
    assert weights[3:].count_nonzero() == 0


def test_a_parameter_of_no_group_takes_plain_steps():
    made, other = l1.build(l1.Options(strength=1.0)), torch.nn.Parameter(torch.ones(2))
    made.on_optimizer(torch.optim.SGD([other], lr=0.1, momentum=0.9))
    weights = torch.ones(2)
    made.after_step([weights], 0.1)
    torch.testing.assert_close(weights, torch.full((2,), 0.9))
