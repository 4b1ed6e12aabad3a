"""Gains: how far a small steady gradient moves a weight, measured."""

import pytest
import torch

from optcli.parts import bundled, find
from optcli.parts.optimizers import _direct, _groups

OPTIONS = {
    "sgd": [{}, {"momentum": 0.9}, {"momentum": 0.8, "dampening": 0.5}],
    "rmsprop": [{}, {"momentum": 0.8}],
    "prodigy": [{"growth": 1.0, "d0": 0.5, "d_coef": 1e-9}],  # else the estimate never settles
    "adam": [{}, {"amsgrad": True}],
}
CASES = [(name, options) for name in bundled("optimizer") if name != "lbfgs" for options in OPTIONS.get(name, [{}])]
"""Without L-BFGS, whose steps have no gain by weight."""


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_gain_times_rate_times_gradient_is_the_step(name, options):
    """After many steps with the same gradient all averages have settled."""
    torch.manual_seed(0)
    part = find("optimizer", name)
    weights, grad = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64)), torch.tensor([0.5, -0.1, 0.02]).double()
    groups = [{"params": [weights], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0}]
    optimizer = part.build(
        [{**groups[0], "hidden": [False], "sparse": [False]}], part.Options(lr=0.01, **options), "cpu"
    )
    step = _direct.stepper(optimizer)
    for _ in range(3000):
        before = weights.detach().clone()
        step(1.0, [grad.clone()])
    moved = (before - weights).detach()
    gain = optimizer.gain(optimizer.state[weights], optimizer.param_groups[0])
    torch.testing.assert_close(gain * 0.01 * grad, moved, rtol=1e-2, atol=1e-9)


@pytest.mark.parametrize("name", ["muon", "soap"])
def test_matrices_that_are_turned_move_by_the_same_length(name):
    torch.manual_seed(0)
    part, weights, grad = find("optimizer", name), torch.nn.Parameter(torch.zeros(16, 16)), torch.randn(16, 16)
    groups = [{"params": [weights], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0, "hidden": [True]}]
    optimizer = part.build(groups, part.Options(lr=0.01), "cpu")
    for _ in range(200):
        before = weights.detach().clone()
        _direct.stepper(optimizer)(1.0, [grad])
    gain = optimizer.gain(optimizer.state[weights], optimizer.param_groups[0])
    assert (0.01 * gain * grad).norm().item() == pytest.approx((before - weights).norm().item(), rel=0.2)


@pytest.mark.parametrize("regularizer", ["l1", "group_lasso"])
@pytest.mark.parametrize("name", [n for n in bundled("optimizer") if getattr(find("optimizer", n), "GATED", False)])
def test_before_the_first_step_no_threshold_moves_a_weight(name, regularizer):
    """The first step is left out (fp16's loss scale begins too high), or only looks, as SOAP's does."""
    torch.manual_seed(0)
    part, made = find("optimizer", name), find("regularizer", regularizer)
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 3))
    optimizer, threshold = part.build(_groups.groups(model, 0.0), part.Options(), "cpu"), made.build(made.Options())
    threshold.on_optimizer(optimizer)
    before = [p.detach().clone() for p in model.parameters()]
    step = _direct.stepper(optimizer)
    optimizer.found_inf = torch.ones(())
    step(1.0, [torch.full_like(p, torch.nan) for p in step.params])
    threshold.after_step(_groups.weights(model), torch.zeros(()))
    assert all(torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True))
    if name == "soap":
        optimizer.found_inf = None
        step(1.0, [torch.ones_like(p) for p in step.params])
        threshold.after_step(_groups.weights(model), torch.tensor(0.1))
        assert all(torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True) if p.ndim > 1)
