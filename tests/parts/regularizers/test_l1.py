"""The proximal step: exact zeros, in the loss's units whatever the optimizer."""

import pytest
import torch

from optcli.parts import find
from optcli.parts.optimizers import _direct
from optcli.parts.regularizers import l1
from optcli.recipe.plan import Plan
from optcli.units import Duration


def test_soft_threshold():
    made, weights = l1.build(l1.Options(strength=1.0)), torch.tensor([0.3, -0.3, 0.05, -0.1, 0.0])
    made.after_step([weights], 0.1)
    torch.testing.assert_close(weights, torch.tensor([0.2, -0.2, 0.0, 0.0, 0.0]))
    assert made.report() == {"sparsity": pytest.approx(3 / 5), "penalty": pytest.approx(0.4)}


def test_a_rate_of_zero_moves_nothing():
    made, weights = l1.build(l1.Options(strength=1.0)), torch.randn(100)
    before = weights.clone()
    made.after_step([weights], torch.zeros(()))
    assert torch.equal(weights, before)


def test_nothing_to_report_before_the_first_step():
    assert l1.build(l1.Options()).report() == {}


def scheduled(**options):
    made = l1.build(l1.Options(strength=1.0, **options))
    made.on_plan(Plan(10, 5, 2))
    return made


def test_the_strength_rises_along_a_ramp():
    made, weights, moved = scheduled(ramp=Duration(0.4, "share")), torch.tensor([9.0]), []
    for _ in range(6):
        before = weights.item()
        made.after_step([weights], 1.0)
        moved.append(before - weights.item())
    assert moved == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


def test_after_its_end_zeros_stay_zero_and_the_rest_is_free():
    made, weights = scheduled(until=Duration(0.3, "share")), torch.tensor([5.0, 0.5, -5.0])
    for _ in range(3):
        made.after_step([weights], 0.5)
    assert weights.tolist() == [3.5, 0.0, -3.5]
    weights += torch.tensor([0.0, 2.0, -1.0])
    made.after_step([weights], 0.5)
    assert weights.tolist() == [3.5, 0.0, -4.5]
    assert made.report() == {"sparsity": pytest.approx(1 / 3), "penalty": 0.0}


def test_goes_on_from_its_state():
    first, second, weights = scheduled(until=Duration(2)), scheduled(until=Duration(2)), torch.tensor([5.0, 0.5])
    for _ in range(2):
        first.after_step([weights], 0.5)
    second.load_state_dict(first.state_dict())
    weights += 1
    second.after_step([weights], 0.5)
    assert weights.tolist() == [5.0, 0.0]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"until": Duration(0)}, ["until"]),
        ({"ramp": Duration(5), "until": Duration(5)}, ["ramp"]),
        ({"ramp": Duration(4), "until": Duration(5)}, []),
        ({}, []),
    ],
)
def test_times_that_do_not_fit_are_told(options, told):
    assert [option for option, _, _ in l1.check(l1.Options(**options), Plan(10, 5, 2))] == told


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
